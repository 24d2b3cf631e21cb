import { createDefaultSeccomp, goArchitecture, JockerError, type SpecMutator } from '@jocker/core';

/** The system call filter, last of all: the default one opens what the final capabilities would allow anyway. */
export const seccomp: SpecMutator = {
  name: 'seccomp',
  phase: 'late',
  mutate(draft, { request, host }) {
    const asked = request.seccomp ?? (request.privileged === true ? 'unconfined' : 'default');
    if (asked === 'unconfined') return;
    if (asked !== 'default') {
      if (!host.seccomp) throw new JockerError('unsupported', 'a seccomp profile cannot be used: this kernel has no seccomp filters');
      draft.linux.seccomp = structuredClone(asked);
    } else if (host.seccomp && draft.linux.seccomp === undefined) {
      draft.linux.seccomp = createDefaultSeccomp({
        capabilities: draft.process.capabilities?.bounding ?? [],
        architecture: goArchitecture(process.arch),
      });
    }
  },
};
