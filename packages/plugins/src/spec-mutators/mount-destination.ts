import { posix } from 'node:path';
import { JockerError, type RootfsReader } from '@jocker/core';
import { isBelow } from './is-below.ts';

/**
 * A destination in normal form, if something may be mounted there. The runtime makes the mount point, following the image's
 * links: one that climbs out of the root, or leads into /proc, is refused here (CVE-2021-30465, CVE-2025-31133).
 */
export async function checkedDestination(target: string, rootfs: RootfsReader): Promise<string> {
  if (!target.startsWith('/') || target.includes('\0')) throw refused(target, 'is not absolute');
  const normal = posix.normalize(target);
  const destination = normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
  if (destination === '/') throw refused(target, 'is the root itself');
  const resolved = isBelow(destination, '/proc') ? destination : await rootfs.resolve(destination);
  if (resolved === undefined) throw refused(target, "leaves the container's root file system");
  if (isBelow(resolved, '/proc')) throw refused(target, 'is in /proc');
  if (resolved === '/') throw refused(target, 'is the root itself');
  return destination;
}

/** The folders that the default mounts go to must be folders of the image's own, or missing (CVE-2026-41579). */
export async function checkSystemFolders(rootfs: RootfsReader): Promise<void> {
  for (const folder of ['/proc', '/dev', '/sys']) {
    if ((await rootfs.resolve(folder)) !== folder) throw new JockerError('invalid-argument', `the image's ${folder} is a symbolic link`);
  }
}

function refused(target: string, why: string): JockerError {
  return new JockerError('invalid-argument', `mount destination ${JSON.stringify(target)} ${why}`);
}
