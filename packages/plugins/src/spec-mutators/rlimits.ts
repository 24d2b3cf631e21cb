import { JockerError, type OciProcess, type SpecMutator } from '@jocker/core';

const names = [
  'as',
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
];

/** -1 in a request. The largest number below 2^63 that JSON and a double agree on: no resource comes near it. */
const unlimited = 2 ** 63 - 1024;

/** The request's ulimits. Without any, a container has the engine's own. */
export const rlimits: SpecMutator = {
  name: 'rlimits',
  phase: 'early',
  mutate(draft, { request }) {
    if (request.ulimits === undefined || request.ulimits.length === 0) return;
    const limits = new Map<string, NonNullable<OciProcess['rlimits']>[number]>();
    for (const { name, soft, hard } of request.ulimits) {
      if (!names.includes(name)) throw new JockerError('invalid-argument', `there is no ulimit "${name}"`);
      const limit = { type: `RLIMIT_${name.toUpperCase()}`, soft: amount(name, soft), hard: amount(name, hard) };
      if (limit.soft > limit.hard)
        throw new JockerError('invalid-argument', `ulimit ${name}: the soft limit ${soft} is above the hard limit ${hard}`);
      limits.set(name, limit);
    }
    draft.process.rlimits = [...limits.values()];
  },
};

function amount(name: string, value: number): number {
  if (value === -1) return unlimited;
  if (!Number.isSafeInteger(value) || value < 0) throw new JockerError('invalid-argument', `ulimit ${name}: ${value} is not a limit`);
  return value;
}
