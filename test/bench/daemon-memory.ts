// node --conditions=jocker-source test/bench/daemon-memory.ts [--containers 50]
// What a daemon of its own takes when it is idle and when containers run, and what their monitors take.
import { readdir, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { createBenchEngine, createContainer, startContainer } from './engine-api.ts';

const { values } = parseArgs({ options: { containers: { type: 'string', default: '50' } } });
const image = 'host:busybox';

/** In MiB. */
async function memoryOf(pid: string): Promise<{ readonly rss: number; readonly pss: number }> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1]) / 1024;
  return { rss: field('Rss'), pss: field('Pss') };
}

async function monitorsOf(directory: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map(async (pid) => await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')));
  return pids.filter((_, index) => /^[^\0]*conmon\0/.test(commands[index] ?? '') && commands[index]?.includes(directory));
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

async function report(daemon: TestDaemon, what: string): Promise<void> {
  const { rss, pss } = await memoryOf(String(daemon.pid));
  const monitors = await Promise.all((await monitorsOf(daemon.directory)).map(memoryOf));
  const each =
    monitors.length === 0 ? '' : `, ${monitors.length} monitors of PSS ${mean(monitors.map((one) => one.pss)).toFixed(2)} MiB each`;
  console.log(`${what.padEnd(28)}RSS ${rss.toFixed(0)} MiB, PSS ${pss.toFixed(0)} MiB${each}`);
}

const daemon = await startDaemon();
const engine = createBenchEngine(`jocker=unix://${daemon.socketPath}`);
try {
  await report(daemon, 'at rest, after its start');
  await daemon.client.images.pull(image);
  await report(daemon, 'after the pull of an image');
  for (let count = 0; count < Number(values.containers); count += 1) {
    await startContainer(engine, await createContainer(engine, image, ['sleep', '1000']));
  }
  await report(daemon, `${values.containers} containers run`);
  for (const { id } of await daemon.client.containers.list()) await daemon.client.containers.remove(id, { force: true });
  await report(daemon, 'after their removal');
} finally {
  engine.close();
  await daemon[Symbol.asyncDispose]();
}
