import { JockerError, type CreateRequest } from '@jocker/protocol';
import type { CreateFlags } from './create-options.ts';

/** What the flags say about the log; nothing leaves the engine's own. */
export function loggingOf({ logDriver, logOpt }: CreateFlags): Pick<CreateRequest, 'logging'> {
  if (logDriver === undefined && logOpt.length === 0) return {};
  return { logging: { driver: logDriver ?? 'json-file', options: Object.fromEntries(logOpt.map(parseOption)) } };
}

function parseOption(text: string): readonly [string, string] {
  const split = text.indexOf('=');
  if (split < 1) throw new JockerError('invalid-argument', `--log-opt ${text} is not of the form max-size=10m`);
  return [text.slice(0, split), text.slice(split + 1)];
}
