import { JockerError, type CreateRequest } from '@jocker/protocol';
import type { CreateFlags } from './create-options.ts';
import { parseWhole } from './parse-number.ts';

/** What the flags say about checks; nothing leaves the image's. */
export function healthcheckOf(flags: CreateFlags): Pick<CreateRequest, 'healthcheck'> {
  const { healthCmd, healthInterval, healthTimeout, healthRetries, healthStartPeriod, healthStartInterval } = flags;
  const said = [healthCmd, healthInterval, healthTimeout, healthRetries, healthStartPeriod, healthStartInterval].some(
    (flag) => flag !== undefined,
  );
  if (!flags.healthcheck) {
    if (said) throw new JockerError('invalid-argument', '--no-healthcheck cannot go with other --health flags');
    return { healthcheck: { test: ['NONE'] } };
  }
  if (!said) return {};
  const duration = (name: string, key: string, text: string | undefined): object =>
    text === undefined ? {} : { [key]: parseDuration(name, text) };
  return {
    healthcheck: {
      ...(healthCmd === undefined ? {} : { test: ['CMD-SHELL', healthCmd] }),
      ...duration('--health-interval', 'intervalNs', healthInterval),
      ...duration('--health-timeout', 'timeoutNs', healthTimeout),
      ...duration('--health-start-period', 'startPeriodNs', healthStartPeriod),
      ...duration('--health-start-interval', 'startIntervalNs', healthStartInterval),
      ...(healthRetries === undefined ? {} : { retries: parseWhole('--health-retries', healthRetries) }),
    },
  };
}

const units: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9, m: 60e9, h: 3_600e9 };

/** `1m30s`, `500ms`: nanoseconds. */
function parseDuration(flag: string, text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw new JockerError('invalid-argument', `${flag} ${text} is no time; write 30s, 500ms or 1m30s`);
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0), 0);
}
