import type { Logger } from '@jocker/core';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** One line per message: time, level, message, fields. Line ends within a value stay within the line. */
export function logToStream(stream: NodeJS.WritableStream, least: LogLevel): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      if (order.indexOf(level) < order.indexOf(least)) return;
      const parts = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
      stream.write(`${[new Date().toISOString(), level, message.replaceAll('\n', '\\n'), ...parts].join(' ')}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
