// What `npm start` shows: an image, a container, an exec, and each event of it as it happens.
import { createJockerClient, type JockerClient } from '@jocker/client';

const socketPath = (process.env['JOCKER_HOST'] ?? 'unix:///run/jocker/jocker.sock').replace(/^unix:\/\//, '');
const image = 'host:busybox';
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Prints events until the signal fires; `caughtUp` resolves when the event of that seq was printed. */
function watch(client: JockerClient, since: number, signal: AbortSignal): { readonly until: (name: string) => Promise<void> } {
  const waiting = new Map<string, () => void>();
  const seen = new Set<string>();
  const follow = async (): Promise<void> => {
    for await (const { name, event } of client.events.follow({ since, signal })) {
      if (!name.startsWith('operation:')) {
        const took = 'durationMs' in event ? `${event.durationMs.toFixed(1)} ms` : '';
        const code = 'exitCode' in event ? `exit code ${event.exitCode}` : '';
        say(`  event  ${name.padEnd(20)} ${took.padStart(10)}  ${code}`.trimEnd());
      }
      seen.add(name);
      waiting.get(name)?.();
    }
  };
  void follow();
  return {
    until: (name) => (seen.has(name) ? Promise.resolve() : new Promise((resolve) => waiting.set(name, resolve))),
  };
}

async function show(label: string, output: AsyncIterable<{ readonly data: Uint8Array }>): Promise<void> {
  for await (const { data } of output) for (const line of Buffer.from(data).toString().trimEnd().split('\n')) say(`  ${label}  ${line}`);
}

using client = createJockerClient({ socketPath, client: 'walkthrough' });
const stop = new AbortController();
const { seq } = await client.system.snapshot();
const events = watch(client, seq, stop.signal);

say(`\npull ${image}: an image of this machine's own busybox, no network needed`);
await client.images.pull(image);

say('\ncreate and start a container');
const { id, name } = await client.containers.create({ image, command: ['sh', '-c', 'echo hello from the container; sleep 0.3; exit 7'] });
try {
  await client.containers.start(id);

  say('\nexec a command in it');
  const exec = await client.execs.create(id, { command: ['sh', '-c', 'echo "process $$ on $(hostname)"; exit 3'] });
  const session = await client.execs.start(exec.id, { attach: true });
  if (session !== undefined) await show('exec ', session.output);
  const { exitCode: execCode } = await client.execs.wait(exec.id);

  const { exitCode } = await client.containers.wait(id);
  await show('log  ', client.containers.logs(id));
  await events.until('container:exited');
  say(`\nthe exec ended with ${execCode}, the container ${name} with ${exitCode}`);
  if (execCode !== 3 || exitCode !== 7) throw new Error('the exit codes are not those of the programs');
} finally {
  await client.containers.remove(id, { force: true });
  await events.until('container:removed');
  stop.abort();
}

say(`
The daemon goes on. Try next:
  ./jocker run --rm -it ${image} sh
  ./jocker ps -a
  DOCKER_HOST=unix://${socketPath} docker run --rm ${image} echo hello`);
