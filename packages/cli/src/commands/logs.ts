import { once } from 'node:events';
import type { CliCommand } from '../command.ts';
import { untilInterrupted } from '../terminal/interrupt-signal.ts';
import { parseWhole } from '../values/parse-number.ts';
import { parseTime } from '../values/parse-time.ts';

interface LogFlags {
  readonly follow?: boolean;
  readonly timestamps?: boolean;
  readonly tail: string;
  readonly since?: string;
  readonly until?: string;
}

export const logs: CliCommand = {
  define: (command, run) =>
    command
      .argument('<container>')
      .option('-f, --follow', 'go on with what comes')
      .option('-t, --timestamps', 'the time before each line')
      .option('-n, --tail <lines>', 'only the last so many', 'all')
      .option('--since <time>', 'a date, seconds since 1970, or a time ago (10m)')
      .option('--until <time>', 'the same')
      .action(
        run((context, container: string, { follow = false, timestamps = false, tail, since, until }: LogFlags) =>
          untilInterrupted(async (signal) => {
            const entries = context.client.containers.logs(container, {
              follow,
              ...(tail === 'all' ? {} : { tail: parseWhole('--tail', tail) }),
              ...(since === undefined ? {} : { since: parseTime('--since', since) }),
              ...(until === undefined ? {} : { until: parseTime('--until', until) }),
              signal,
            });
            const within = { stdout: false, stderr: false };
            for await (const { stream, time, data } of entries) {
              const out = stream === 'stdout' ? process.stdout : process.stderr;
              if (timestamps && !within[stream]) out.write(`${time} `);
              within[stream] = data.at(-1) !== 0x0a;
              if (!out.write(data)) await once(out, 'drain');
            }
          }),
        ),
      ),
};
