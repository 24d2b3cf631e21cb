import type { OciMount, SpecMutator } from '@jocker/core';
import { hostDevicesBelow } from './host-device.ts';

/** All devices, nothing hidden, /sys and cgroups writable. Its capabilities and seccomp are decided where those are. */
export const privileged: SpecMutator = {
  name: 'privileged',
  phase: 'early',
  async mutate(draft, { request }) {
    if (request.privileged !== true) return;
    if (request.maskedPaths === undefined) delete draft.linux.maskedPaths;
    if (request.readonlyPaths === undefined) delete draft.linux.readonlyPaths;
    const asked = new Map((draft.linux.devices ?? []).map((device) => [device.path, device]));
    const all = (await hostDevicesBelow('/dev', '/dev')).filter((device) => !asked.has(device.path));
    draft.linux.devices = [...all.toSorted((left, right) => (left.path < right.path ? -1 : 1)), ...asked.values()];
    draft.linux.resources = { ...draft.linux.resources, devices: [{ allow: true, access: 'rwm' }] };
    draft.mounts = draft.mounts.map(writable);
  },
};

function writable(mount: OciMount): OciMount {
  if (mount.type !== 'sysfs' && mount.type !== 'cgroup') return mount;
  return { ...mount, options: (mount.options ?? []).map((option) => (option === 'ro' ? 'rw' : option)) };
}
