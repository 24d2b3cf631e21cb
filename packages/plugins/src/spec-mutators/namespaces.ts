import type { OciSpec, SpecMutator } from '@jocker/core';

/** Which namespaces are the container's own. A network of its own has only a loopback device. */
export const namespaces: SpecMutator = {
  name: 'namespaces',
  phase: 'early',
  mutate(draft, { request }) {
    if (request.pidMode === 'host') leave(draft, 'pid');
    if (request.utsMode === 'host') leave(draft, 'uts');
    if (request.network === 'host') leave(draft, 'network');
    if (request.cgroupnsMode === 'host') leave(draft, 'cgroup');
    if (request.cgroupnsMode === 'private' && !draft.linux.namespaces.some(({ type }) => type === 'cgroup')) {
      draft.linux.namespaces.push({ type: 'cgroup' });
    }
    if (request.ipcMode === 'host') {
      leave(draft, 'ipc');
      shareMount(draft, '/dev/shm');
      shareMount(draft, '/dev/mqueue');
    }
    if (request.ipcMode === 'none') draft.mounts = draft.mounts.filter(({ destination }) => destination !== '/dev/shm');
  },
};

function leave(draft: OciSpec, type: OciSpec['linux']['namespaces'][number]['type']): void {
  draft.linux.namespaces = draft.linux.namespaces.filter((namespace) => namespace.type !== type);
}

/** The host's own instead of a fresh one. */
function shareMount(draft: OciSpec, destination: string): void {
  draft.mounts = draft.mounts.map((mount) =>
    mount.destination === destination
      ? { destination, type: 'bind', source: destination, options: ['rbind', 'rprivate', 'nosuid', 'noexec', 'nodev', 'rw'] }
      : mount,
  );
}
