import { JockerError, type SpecMutator } from '@jocker/core';

/** How much /dev/shm holds. */
export const shmSize: SpecMutator = {
  name: 'shm-size',
  phase: 'early',
  mutate(draft, { request }) {
    const size = request.shmSizeBytes;
    if (size === undefined || size === 0) return;
    if (!Number.isSafeInteger(size) || size < 0) throw new JockerError('invalid-argument', `shm size ${size} is not a number of bytes`);
    const shm = draft.mounts.find((mount) => mount.destination === '/dev/shm' && mount.type === 'tmpfs');
    if (shm !== undefined) shm.options = [...(shm.options ?? []).filter((option) => !option.startsWith('size=')), `size=${size}`];
  },
};
