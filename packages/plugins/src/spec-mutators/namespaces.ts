import { stat } from 'node:fs/promises';
import type { OciSpec, SpecMutator } from '@jocker/core';

/** Which namespaces are the container's own. A network of its own has only a loopback device. */
export const namespaces: SpecMutator = {
  name: 'namespaces',
  phase: 'early',
  async mutate(draft, { request }) {
    if (request.pidMode === 'host') leave(draft, 'pid');
    if (request.utsMode === 'host') leave(draft, 'uts');
    if (request.network === 'host') leave(draft, 'network');
    if (request.cgroupnsMode === 'host') leave(draft, 'cgroup');
    if (request.cgroupnsMode === 'private' && !draft.linux.namespaces.some(({ type }) => type === 'cgroup')) {
      draft.linux.namespaces.push({ type: 'cgroup' });
    }
    if (request.ipcMode === 'host') {
      // The message queues of a fresh mqueue mount are those of its namespace; shared memory is files, which have to be shared.
      leave(draft, 'ipc');
      await shareSharedMemory(draft);
    }
    // The namespace itself is joined at the start, when that container's pid is known.
    if (request.ipcMode?.startsWith('container:') === true)
      draft.mounts = draft.mounts.filter(({ destination }) => destination !== '/dev/mqueue');
    if (request.ipcMode === 'none') draft.mounts = draft.mounts.filter(({ destination }) => destination !== sharedMemory);
  },
};

const sharedMemory = '/dev/shm';

function leave(draft: OciSpec, type: OciSpec['linux']['namespaces'][number]['type']): void {
  draft.linux.namespaces = draft.linux.namespaces.filter((namespace) => namespace.type !== type);
}

async function shareSharedMemory(draft: OciSpec): Promise<void> {
  const onHost = await stat(sharedMemory).catch(() => undefined);
  if (onHost?.isDirectory() !== true) return;
  const options = ['rbind', 'rprivate', 'nosuid', 'noexec', 'nodev', 'rw'];
  draft.mounts = draft.mounts.map((mount) =>
    mount.destination === sharedMemory ? { destination: sharedMemory, type: 'bind', source: sharedMemory, options } : mount,
  );
}
