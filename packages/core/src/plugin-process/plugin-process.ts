import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { JockerError } from '../errors/jocker-error.ts';
import type { EventSubscriber } from '../events/lifecycle-events.ts';
import type { Logger } from '../operation/operation-context.ts';
import { createRemoteChannel, type RemoteChannel } from './remote-channel.ts';

export interface PluginProcess {
  readonly channel: RemoteChannel;
  /** Resolves with why, when it has ended. */
  readonly ended: Promise<string>;
  /** At once. */
  kill(): void;
}

export interface PluginProcessContext {
  readonly name: string;
  /** Its own messages, and what it writes to stdout and stderr. */
  readonly log?: Logger;
  readonly events?: EventSubscriber;
}

const pingEveryMs = 1000;
/** A process that has not answered a ping for so long is stuck: only a new one helps. */
const unresponsiveMs = 5000;
/** Events that a process has not taken yet; what comes on top is lost to it. */
const eventsWaitingMax = 1000;

export function openProcess(child: ChildProcess, { name, log, events }: PluginProcessContext): PluginProcess {
  let heardAt = performance.now();
  let pingedAt = 0;
  let stuck = false;
  let listening: Disposable | undefined;
  const channel = createRemoteChannel({
    send: (message) => void child.send(message, () => undefined),
    log,
    offers: {
      log: (level: keyof Logger, message: string, fields?: Readonly<Record<string, unknown>>) => log?.[level](message, fields),
      listen() {
        listening ??= events?.onAny((envelope) => {
          if (channel.waiting < eventsWaitingMax) channel.call('event', envelope).catch(() => undefined);
        });
      },
    },
  });
  child.on('message', (message) => {
    heardAt = performance.now();
    channel.receive(message);
  });
  for (const [stream, level] of [[child.stdout, 'info'] as const, [child.stderr, 'warn'] as const])
    writeLines(stream, (line) => log?.[level](line));

  const watch = setInterval(() => {
    const now = performance.now();
    if (pingedAt > heardAt && now - pingedAt > unresponsiveMs) {
      stuck = true;
      child.kill('SIGKILL');
    } else if (channel.waiting > 0 && pingedAt <= heardAt) {
      pingedAt = now;
      channel.call('ping').catch(() => undefined);
    }
  }, pingEveryMs).unref();

  const ended = new Promise<string>((resolve) => {
    const end = (why: string): void => {
      clearInterval(watch);
      listening?.[Symbol.dispose]();
      channel.close(new JockerError('internal', `the process of plugin ${name} has ended: ${why}`, { details: { pluginDown: true } }));
      resolve(why);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(stuck ? `it no longer answered` : signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  return { channel, ended, kill: () => void child.kill('SIGKILL') };
}

function writeLines(stream: Readable | null, write: (line: string) => void): void {
  if (stream === null) return;
  createInterface({ input: stream }).on('line', write);
}
