import { mountFlags } from '@jocker/native';
import type { Mount } from './snapshotter.ts';

/** The arguments of one mount(2). */
export interface MountCall {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly flags: number;
  readonly data: string;
}

const remount = mountFlags['remount'] ?? 0;
const readOnly = mountFlags['ro'] ?? 0;
/** Words that need no flag and that no file system knows. */
const silentOptions = new Set(['rw', 'defaults', 'exec', 'suid', 'dev']);

/**
 * fstab's words as mount(2) takes them: flags, and the rest as the file system's own data. The kernel ignores all other
 * flags of a bind mount, so that a read-only one takes a second call.
 */
export function mountCalls(mounts: readonly Mount[], target: string): MountCall[] {
  return mounts.flatMap(({ type, source, options }) => {
    let flags = 0;
    const data: string[] = [];
    for (const option of options) {
      const flag = mountFlags[option];
      if (flag !== undefined) flags |= flag;
      else if (!silentOptions.has(option)) data.push(option);
    }
    if (type !== 'bind') return [{ source, target, type, flags, data: data.join(',') }];
    const bind = (options.includes('rbind') ? mountFlags['rbind'] : mountFlags['bind']) ?? 0;
    const made = { source, target, type: '', flags: bind, data: '' };
    return (flags & readOnly) === 0 ? [made] : [made, { ...made, flags: (mountFlags['bind'] ?? 0) | remount | (flags & ~bind) }];
  });
}
