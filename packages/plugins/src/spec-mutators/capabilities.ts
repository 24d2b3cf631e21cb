import { capabilityNames, defaultCapabilities, JockerError, type SpecMutator } from '@jocker/core';

/** The default set with the request's changes; all of them for a privileged container. What the machine lacks is dropped by `host-limits`. */
export const capabilities: SpecMutator = {
  name: 'capabilities',
  phase: 'early',
  mutate(draft, { request }) {
    const added = (request.capAdd ?? []).map(capabilityName);
    const dropped = (request.capDrop ?? []).map(capabilityName);
    const names = request.privileged === true ? capabilityNames : changed(added, dropped);
    // execve takes these from a user who is not root; saying so here keeps exec and start alike.
    const held = draft.process.user.uid === 0 ? names : [];
    draft.process.capabilities = { bounding: [...names], effective: [...held], permitted: [...held], inheritable: [], ambient: [] };
  },
};

function changed(added: readonly string[], dropped: readonly string[]): readonly string[] {
  const base = added.includes('ALL') ? capabilityNames : dropped.includes('ALL') ? [] : defaultCapabilities;
  const kept = base.filter((name) => !dropped.includes(name));
  return [...new Set([...kept, ...added.filter((name) => name !== 'ALL')])];
}

function capabilityName(text: string): string {
  const upper = text.toUpperCase();
  const name = upper === 'ALL' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (name === 'ALL' || name === 'CAP_ALL') return 'ALL';
  if (!capabilityNames.includes(name)) throw new JockerError('invalid-argument', `there is no capability "${text}"`);
  return name;
}
