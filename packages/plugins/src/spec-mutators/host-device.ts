import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { deviceNumbers, JockerError, type OciDevice } from '@jocker/core';

/** A device node of the host as one for a container; undefined for what is no device. */
export async function hostDevice(pathOnHost: string, pathInContainer: string): Promise<OciDevice | undefined> {
  const found = await stat(pathOnHost).catch((cause: unknown) => {
    throw new JockerError('invalid-argument', `device ${pathOnHost} does not exist on the host`, { cause });
  });
  if (!found.isCharacterDevice() && !found.isBlockDevice()) return undefined;
  return {
    path: pathInContainer,
    type: found.isBlockDevice() ? 'b' : 'c',
    ...deviceNumbers(found.rdev),
    fileMode: found.mode & 0o7777,
    uid: found.uid,
    gid: found.gid,
  };
}

/** What /dev has beside devices, or devices that every container has of its own. */
const notDevices = new Set([
  'pts',
  'shm',
  'fd',
  'mqueue',
  '.lxc',
  '.lxd-mounts',
  '.udev',
  'console',
  'ptmx',
  'tty',
  'null',
  'zero',
  'full',
  'random',
  'urandom',
]);

/** Every device below a folder, links left out. */
export async function hostDevicesBelow(folderOnHost: string, folderInContainer: string): Promise<OciDevice[]> {
  const entries = await readdir(folderOnHost, { withFileTypes: true });
  const found = await Promise.all(
    entries
      .filter((entry) => !(folderOnHost === '/dev' && notDevices.has(entry.name)))
      .map(async (entry) => {
        const pathOnHost = join(folderOnHost, entry.name);
        const pathInContainer = join(folderInContainer, entry.name);
        if (entry.isDirectory()) return await hostDevicesBelow(pathOnHost, pathInContainer);
        if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return [];
        // Gone since the folder was read: an unplugged device is no error.
        const device = await hostDevice(pathOnHost, pathInContainer).catch(() => undefined);
        return device === undefined ? [] : [device];
      }),
  );
  return found.flat();
}
