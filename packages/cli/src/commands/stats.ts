import type { ContainerStats } from '@jocker/protocol';
import type { CliCommand, CliContext } from '../command.ts';
import { binarySize, decimalSize, shortId } from '../format/human.ts';
import { formatOption } from '../format/output-format.ts';
import { table } from '../format/table.ts';
import { untilInterrupted } from '../terminal/interrupt-signal.ts';

interface StatsFlags {
  readonly stream: boolean;
  readonly format?: string;
}

const sampleMs = 500;
const redrawMs = 1000;

export const stats: CliCommand = {
  define: (command, run) =>
    formatOption(command)
      .argument('[container...]', 'all that run')
      .option('--no-stream', 'one sample')
      .action(
        run(async (context, names: readonly string[], { stream, format }: StatsFlags) => {
          const { client } = context;
          const ids =
            names.length > 0 ? names : (await client.containers.list()).filter((view) => view.status === 'running').map((view) => view.id);
          if (!stream) return printSamples(context, format, await Promise.all(ids.map((id) => sample(context, id))));
          return untilInterrupted((signal) => follow(context, format, ids, signal));
        }),
      ),
};

/** The second of two: a share of CPU needs a time between. */
async function sample({ client }: CliContext, id: string): Promise<ContainerStats> {
  let last: ContainerStats | undefined;
  for await (const stats of client.containers.followStats(id, { intervalMs: sampleMs })) {
    if (last !== undefined) return stats;
    last = stats;
  }
  return last ?? client.containers.stats(id);
}

async function follow(context: CliContext, format: string | undefined, ids: readonly string[], signal: AbortSignal): Promise<void> {
  const newest = new Map<string, ContainerStats>();
  const redraw = setInterval(() => {
    if (format !== 'json' && process.stdout.isTTY) process.stdout.write('\x1b[H\x1b[J');
    printSamples(context, format, [...newest.values()]);
  }, redrawMs);
  try {
    await Promise.all(
      ids.map(async (id) => {
        for await (const stats of context.client.containers.followStats(id, { signal, intervalMs: redrawMs })) {
          newest.set(id, stats);
        }
        newest.delete(id);
      }),
    );
  } finally {
    clearInterval(redraw);
  }
}

function printSamples(context: CliContext, format: string | undefined, samples: readonly ContainerStats[]): void {
  if (format === 'json') for (const one of samples) context.print(JSON.stringify(one));
  else {
    const titles = ['CONTAINER ID', 'NAME', 'CPU %', 'MEM USAGE / LIMIT', 'MEM %', 'NET I/O', 'BLOCK I/O', 'PIDS'];
    for (const line of table(titles, samples.map(row))) context.print(line);
  }
}

function row({ id, name, cpu, memory, networks, blockIo, pids }: ContainerStats): readonly string[] {
  const used = Math.max(memory.usageBytes - memory.inactiveFileBytes, 0);
  const interfaces = Object.values(networks);
  const received = interfaces.reduce((sum, { rxBytes }) => sum + rxBytes, 0);
  const sent = interfaces.reduce((sum, { txBytes }) => sum + txBytes, 0);
  return [
    shortId(id),
    name,
    cpu.percent === null ? '--' : `${cpu.percent.toFixed(2)}%`,
    `${binarySize(used)} / ${binarySize(memory.limitBytes)}`,
    memory.limitBytes > 0 ? `${((100 * used) / memory.limitBytes).toFixed(2)}%` : '--',
    `${decimalSize(received)} / ${decimalSize(sent)}`,
    `${decimalSize(blockIo.readBytes)} / ${decimalSize(blockIo.writeBytes)}`,
    String(pids.current),
  ];
}
