import type { OciProcess, SpecMutator } from '@jocker/core';

/**
 * Takes out what this machine would refuse, whoever put it in: capabilities outside the engine's own bounding set, limits
 * above its hard ones, an OOM score below its own. Inside another container such a request would fail the whole start.
 */
export const hostLimits: SpecMutator = {
  name: 'host-limits',
  phase: 'late',
  mutate(draft, { host, context, containerId }) {
    const sets = draft.process.capabilities;
    if (sets !== undefined) {
      const lacking = sets.bounding.filter((name) => !host.capabilities.includes(name));
      if (lacking.length > 0) {
        for (const set of ['bounding', 'effective', 'permitted', 'inheritable', 'ambient'] as const) {
          sets[set] = sets[set].filter((name) => host.capabilities.includes(name));
        }
        context.log.debug('capabilities that this machine lacks were dropped', { containerId, lacking });
      }
    }
    if (host.capabilities.includes('CAP_SYS_RESOURCE')) return;
    if (draft.process.rlimits !== undefined)
      draft.process.rlimits = draft.process.rlimits.map((limit) => clamped(limit, host.rlimits[limit.type]));
    const own = host.oomScoreAdj ?? 0;
    if (draft.process.oomScoreAdj !== undefined && draft.process.oomScoreAdj < own) draft.process.oomScoreAdj = own;
  },
};

type Limit = NonNullable<OciProcess['rlimits']>[number];

function clamped(limit: Limit, hostHard: number | undefined): Limit {
  if (hostHard === undefined || hostHard === -1) return limit;
  return { type: limit.type, soft: Math.min(limit.soft, hostHard), hard: Math.min(limit.hard, hostHard) };
}
