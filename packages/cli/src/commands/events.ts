import { Option } from 'commander';
import { JockerError, type EventEnvelope } from '@jocker/protocol';
import type { CliCommand, CliContext } from '../command.ts';
import { formatOption } from '../format/output-format.ts';
import { shortId } from '../format/human.ts';
import { untilInterrupted } from '../terminal/interrupt-signal.ts';
import { parseTime } from '../values/parse-time.ts';

interface EventFlags {
  readonly since?: string;
  readonly until?: string;
  readonly filter: readonly string[];
  readonly format?: string;
}

export const events: CliCommand = {
  define: (command, run) =>
    formatOption(command)
      .option('--since <time>', 'also those since a date or a time ago (10m)')
      .option('--until <time>', 'up to a date or a time ago, then end')
      .addOption(
        new Option('-f, --filter <key=value>', 'event, container, image')
          .argParser((value: string, before: readonly string[]) => [...before, value])
          .default([], ''),
      )
      .action(
        run((context, { since, until, filter, format }: EventFlags) => {
          const matches = parseEventFilters(filter);
          const print = (envelope: EventEnvelope): void => {
            if (matches(envelope)) context.print(format === 'json' ? JSON.stringify(envelope) : eventLine(envelope));
          };
          const from = since === undefined ? undefined : parseTime('--since', since);
          const to = until === undefined ? undefined : parseTime('--until', until);
          return untilInterrupted((signal) => printEvents(context, { from, to, signal }, print));
        }),
      ),
};

interface EventSpan {
  readonly from: Date | undefined;
  readonly to: Date | undefined;
  readonly signal: AbortSignal;
}

async function printEvents(
  { client }: CliContext,
  { from, to, signal }: EventSpan,
  print: (envelope: EventEnvelope) => void,
): Promise<void> {
  let since: number | undefined;
  if (from !== undefined || to !== undefined) {
    // Taken before the range is read: what happens meanwhile is in one of the two, and told apart by its seq.
    since = (await client.system.snapshot()).seq;
    for (const envelope of await client.events.range({ ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) })) {
      since = Math.max(since, envelope.seq);
      print(envelope);
    }
  }
  const remainingMs = to === undefined ? undefined : to.getTime() - Date.now();
  if (remainingMs !== undefined && remainingMs <= 0) return;
  const over = remainingMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(remainingMs)]);
  for await (const envelope of client.events.follow({ ...(since === undefined ? {} : { since }), signal: over })) print(envelope);
}

/** `TIME NAME key=value …`: what the event carries, without the views of whole objects. */
export function eventLine({ time, name, event }: EventEnvelope): string {
  const parts = Object.entries(event).flatMap(([key, value]) => {
    if (value === null || key === 'view' || key === 'views' || key === 'labels') return [];
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return [`${key}=${key === 'containerId' || key === 'execId' || key === 'imageId' ? shortId(text) : text}`];
  });
  return [time, name, ...parts].join(' ');
}

function parseEventFilters(texts: readonly string[]): (envelope: EventEnvelope) => boolean {
  const wanted = texts.map((text) => {
    const [, key, value] = /^(event|container|image)=(.+)$/.exec(text) ?? [];
    if (key === undefined || value === undefined) {
      throw new JockerError('invalid-argument', `the filter ${text} is not of the form KEY=VALUE with one of event, container, image`);
    }
    return { key, value };
  });
  return ({ name, event }) =>
    wanted.every(({ key, value }) => {
      if (key === 'event') return name === value || name.endsWith(`:${value}`);
      const { containerId, name: containerName, image, reference } = event as Readonly<Record<string, unknown>>;
      if (key === 'container') return containerName === value || (typeof containerId === 'string' && containerId.startsWith(value));
      return image === value || reference === value;
    });
}
