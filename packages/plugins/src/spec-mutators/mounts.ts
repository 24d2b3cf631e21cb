import { mkdir, stat } from 'node:fs/promises';
import { JockerError, type MountRequest, type OciMount, type OciSpec, type SpecMutator } from '@jocker/core';
import { isBelow } from './is-below.ts';
import { checkedDestination, checkSystemFolders } from './mount-destination.ts';

const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];

/** What the user mounts: folders and files of the host, and memory. It replaces default mounts at and below its target. */
export const mounts: SpecMutator = {
  name: 'mounts',
  phase: 'early',
  async mutate(draft, { request, rootfs, volumes }) {
    await checkSystemFolders(rootfs);
    const asked = request.mounts ?? [];
    if (asked.length === 0) return;
    const made: OciMount[] = [];
    for (const mount of asked) {
      const destination = await checkedDestination(mount.target, rootfs);
      if (made.some((each) => each.destination === destination)) {
        throw new JockerError('invalid-argument', `duplicate mount point ${destination}`);
      }
      made.push(await mountOf(mount, destination, draft, volumes));
    }
    draft.mounts = draft.mounts.filter((mount) => !made.some(({ destination }) => isBelow(mount.destination, destination)));
    // A parent before what lies in it, or it would cover that.
    draft.mounts.push(...made.toSorted((left, right) => depth(left) - depth(right)));
  },
};

async function mountOf(mount: MountRequest, destination: string, draft: OciSpec, volumes: ReadonlyMap<string, string>): Promise<OciMount> {
  switch (mount.type) {
    case 'bind':
      return await bindMount(mount, destination, draft);
    case 'tmpfs':
      return tmpfsMount(mount, destination);
    case 'volume': {
      // One whose place is known at the start only; the engine puts it in then.
      const source = volumes.get(mount.source ?? '') ?? `volume:${mount.source ?? ''}`;
      return { destination, type: 'bind', source, options: ['rbind', 'rprivate', ...(mount.readonly === true ? ['ro', 'rro'] : ['rw'])] };
    }
  }
}

function depth(mount: OciMount): number {
  return mount.destination.split('/').length;
}

async function bindMount(mount: Extract<MountRequest, { type: 'bind' }>, destination: string, draft: OciSpec): Promise<OciMount> {
  const propagation = mount.propagation === undefined || mount.propagation === '' ? 'rprivate' : mount.propagation;
  if (!propagations.includes(propagation)) throw new JockerError('invalid-argument', `there is no mount propagation "${propagation}"`);
  await checkSource(mount.source, mount.createSource === true);
  if (propagation.endsWith('shared')) draft.linux.rootfsPropagation = 'rshared';
  else if (propagation.endsWith('slave')) draft.linux.rootfsPropagation ??= 'rslave';
  return {
    destination,
    type: 'bind',
    source: mount.source,
    // `rro` also write-protects what is mounted below the source, which `ro` alone leaves open.
    options: ['rbind', propagation, ...(mount.readonly === true ? ['ro', 'rro'] : ['rw'])],
  };
}

async function checkSource(source: string, create: boolean): Promise<void> {
  if (!source.startsWith('/') || source.includes('\0')) {
    throw new JockerError('invalid-argument', `mount source ${JSON.stringify(source)} is not absolute`);
  }
  try {
    await stat(source);
  } catch (cause) {
    if (!create || (cause as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new JockerError('invalid-argument', `bind source path does not exist: ${source}`, { cause });
    }
    await mkdir(source, { recursive: true });
  }
}

const flags = [
  'exec',
  'noexec',
  'suid',
  'nosuid',
  'dev',
  'nodev',
  'atime',
  'noatime',
  'relatime',
  'strictatime',
  'nodiratime',
  'sync',
  'async',
  'ro',
  'rw',
];
const opposite: Readonly<Record<string, string>> = { exec: 'noexec', suid: 'nosuid', dev: 'nodev', rw: 'ro' };

function tmpfsMount(mount: Extract<MountRequest, { type: 'tmpfs' }>, destination: string): OciMount {
  const options = new Set(['noexec', 'nosuid', 'nodev', 'rprivate', mount.readonly === true ? 'ro' : 'rw']);
  for (const option of mount.options ?? []) {
    const [name = '', value] = option.split('=');
    const known = value === undefined ? flags.includes(name) : tmpfsValue.test(option);
    if (!known) throw new JockerError('invalid-argument', `tmpfs at ${destination} cannot have the option ${JSON.stringify(option)}`);
    for (const [on, off] of Object.entries(opposite)) {
      if (name === on) options.delete(off);
      if (name === off) options.delete(on);
    }
    options.add(option);
  }
  if (mount.sizeBytes !== undefined) options.add(`size=${count(mount.sizeBytes, destination)}`);
  if (mount.mode !== undefined) options.add(`mode=${(count(mount.mode, destination) & 0o7777).toString(8)}`);
  return { destination, type: 'tmpfs', source: 'tmpfs', options: [...options] };
}

const tmpfsValue = /^(?:size=[0-9]+[kmg%]?|mode=[0-7]{1,4}|(?:uid|gid|nr_inodes|nr_blocks)=[0-9]+[kmg]?)$/i;

function count(value: number, destination: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new JockerError('invalid-argument', `tmpfs at ${destination}: ${value} is no size or mode`);
}
