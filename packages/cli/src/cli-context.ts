import { createJockerClient, type JockerClient } from '@jocker/client';
import type { CliContext } from './command.ts';
import { socketPathOf } from './socket-path.ts';

export function createCliContext(host: string | undefined, env: Readonly<Record<string, string | undefined>>): CliContext {
  const socketPath = socketPathOf(host ?? env['JOCKER_HOST']);
  let client: JockerClient | undefined;
  return {
    socketPath,
    env,
    get client() {
      return (client ??= createJockerClient({ socketPath, client: 'cli' }));
    },
    print: (line) => void process.stdout.write(`${line}\n`),
    warn: (line) => void process.stderr.write(`${line}\n`),
    [Symbol.dispose]: () => client?.[Symbol.dispose](),
  };
}
