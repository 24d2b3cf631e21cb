import { JockerError, type CreateRequest, type SpecMutator } from '@jocker/core';

const ofIpc = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);

/** Kernel parameters that belong to one of the container's own namespaces; any other would change the host. */
export const sysctls: SpecMutator = {
  name: 'sysctls',
  phase: 'early',
  mutate(draft, { request }) {
    const entries = Object.entries(request.sysctls ?? {});
    if (entries.length === 0) return;
    for (const [key, value] of entries) check(key, value, request);
    draft.linux.sysctl = { ...draft.linux.sysctl, ...Object.fromEntries(entries) };
  },
};

function check(key: string, value: string, request: CreateRequest): void {
  // The key becomes a path below /proc/sys, the value a line in a file there (CVE-2022-0811).
  if (!/^[a-z0-9_]+(\.[A-Za-z0-9_-]+)+$/.test(key)) throw refused(key, 'is not the name of a kernel parameter');
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) throw refused(key, 'has a control character in its value');
  if (ofIpc.has(key) || key.startsWith('fs.mqueue.')) {
    if (request.ipcMode === 'host') throw refused(key, "cannot be set in the host's IPC namespace");
  } else if (key.startsWith('net.')) {
    if (request.network === 'host') throw refused(key, "cannot be set in the host's network namespace");
    if (request.network?.startsWith('container:') === true) throw refused(key, "cannot be set in another container's network namespace");
  } else if (key === 'kernel.domainname') {
    if (request.utsMode === 'host') throw refused(key, "cannot be set in the host's UTS namespace");
  } else {
    throw refused(key, 'is not kept apart per container, so that it would change the host');
  }
}

function refused(key: string, why: string): JockerError {
  return new JockerError('invalid-argument', `sysctl ${JSON.stringify(key)} ${why}`);
}
