import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { native } from '@jocker/native';
import type { Usability } from '@jocker/core';
import { overlayOptions } from './overlay-options.ts';

const detach = 2;

/** Mounts an overlay for a moment: file systems and kernels differ in too many ways to tell from their names. */
export async function probeOverlay(directory: string): Promise<Usability> {
  if (/[:,\\]/.test(directory))
    return { usable: false, reason: `overlay cannot mount below ${directory}: the path has a colon, comma or backslash in it` };
  const folder = await mkdtemp(join(directory, 'probe-'));
  try {
    for (const name of ['1', 'u', 'w', 'm', 'e']) await mkdir(join(folder, name));
    const options = overlayOptions(
      { layers: ['1'], upper: join(folder, 'u'), work: join(folder, 'w') },
      folder,
      undefined,
      join(folder, 'e'),
    );
    native().mount('overlay', join(folder, 'm'), 'overlay', 0, options.join(','));
    native().unmount(join(folder, 'm'), detach);
    return { usable: true };
  } catch (error) {
    return { usable: false, reason: reasonFor(error, directory) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function reasonFor(error: unknown, directory: string): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENODEV':
      return 'this kernel has no overlay file system';
    case 'EPERM':
    case 'EACCES':
      return 'mounting an overlay is not permitted here (it takes CAP_SYS_ADMIN)';
    case 'EINVAL':
      return `the file system of ${directory} cannot carry an overlay (it may be one itself)`;
    default:
      return `an overlay cannot be mounted below ${directory}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
