// node test/bench/start-latency.ts [--rounds 30] [--image host:busybox] [--running 20] [NAME=unix:///path/to.sock …]
// How long engines take for create, start, run, exec and list, in turn, so that a machine that changes its speed changes it for all.
import { parseArgs } from 'node:util';
import { createBenchEngine, createContainer, removeContainer, startContainer, type BenchEngine } from './engine-api.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '30' },
    image: { type: 'string', default: 'host:busybox' },
    running: { type: 'string', default: '20' },
  },
});
const rounds = Number(values.rounds);
const warmUpRounds = 2;
const { image } = values;

interface Subject {
  readonly engine: BenchEngine;
  /** Everything that is not removed yet. */
  readonly made: Set<string>;
  /** One that runs all the time, for execs. */
  host: string;
}

async function create({ engine, made }: Subject, command: readonly string[], network: 'none' | 'published' = 'none'): Promise<string> {
  const id = await createContainer(engine, image, command, network);
  made.add(id);
  return id;
}

async function remove({ engine, made }: Subject, id: string): Promise<void> {
  await removeContainer(engine, id);
  made.delete(id);
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** Each does its work once; what goes before and after is not counted. */
const measures: Readonly<Record<string, (subject: Subject) => Promise<number>>> = {
  async create(subject) {
    let id = '';
    const spent = await milliseconds(async () => (id = await create(subject, ['true'])));
    await remove(subject, id);
    return spent;
  },
  async start(subject) {
    const id = await create(subject, ['sleep', '1000']);
    const spent = await milliseconds(() => startContainer(subject.engine, id));
    await remove(subject, id);
    return spent;
  },
  /** On the default bridge network with one published port. */
  async publish(subject) {
    const id = await create(subject, ['sleep', '1000'], 'published');
    const spent = await milliseconds(() => startContainer(subject.engine, id));
    await remove(subject, id);
    return spent;
  },
  async run(subject) {
    let id = '';
    const spent = await milliseconds(async () => {
      id = await create(subject, ['true']);
      await startContainer(subject.engine, id);
      await subject.engine.call('POST', `/containers/${id}/wait`);
    });
    await remove(subject, id);
    return spent;
  },
  async exec({ engine, host }) {
    let output = '';
    const spent = await milliseconds(async () => {
      const made = await engine.call('POST', `/containers/${host}/exec`, { Cmd: ['echo', 'hello'], AttachStdout: true });
      const { Id: id } = JSON.parse(made.toString()) as { readonly Id: string };
      output = (await engine.call('POST', `/exec/${id}/start`, { Detach: false, Tty: false })).toString();
    });
    if (!output.includes('hello')) throw new Error(`${engine.name}: the exec printed ${JSON.stringify(output)}`);
    return spent;
  },
  list: ({ engine }) => milliseconds(() => engine.call('GET', '/containers/json')),
};

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

async function measure(name: string, subjects: readonly Subject[]): Promise<void> {
  const times = subjects.map((): number[] => []);
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    for (const [index, subject] of subjects.entries()) {
      const spent = await measures[name]?.(subject);
      if (round >= 0 && spent !== undefined) times[index]?.push(spent);
    }
  }
  const rows = times.map((list) => list.toSorted((a, b) => a - b));
  const first = quantile(rows[0] ?? [], 0.5);
  for (const [index, row] of rows.entries()) {
    const [median, p95] = [quantile(row, 0.5), quantile(row, 0.95)];
    const ratio = index === 0 ? '' : `  ${(median / first).toFixed(2)} × ${subjects[0]?.engine.name}`;
    const label = `${name.padEnd(8)}${subjects[index]?.engine.name.padEnd(12)}`;
    console.log(`${label}median ${median.toFixed(1).padStart(7)} ms   p95 ${p95.toFixed(1).padStart(7)} ms${ratio}`);
  }
}

const named = positionals.length > 0 ? positionals : [process.env['DOCKER_HOST'] ?? 'unix:///run/jocker/jocker.sock'];
const subjects = named.map((text): Subject => ({ engine: createBenchEngine(text), made: new Set(), host: '' }));
try {
  for (const subject of subjects) {
    for (let count = 0; count < Number(values.running); count += 1) {
      subject.host = await create(subject, ['sleep', '1000']);
      await startContainer(subject.engine, subject.host);
    }
  }
  for (const name of Object.keys(measures)) await measure(name, subjects);
} finally {
  for (const { engine, made } of subjects) {
    for (const id of made) await removeContainer(engine, id).catch((error: unknown) => console.error(String(error)));
    engine.close();
  }
}
