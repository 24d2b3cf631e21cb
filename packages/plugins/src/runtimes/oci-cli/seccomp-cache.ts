import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OciSpec } from '@jocker/core';

const annotation = 'run.oci.seccomp_bpf_data';

/**
 * crun compiles the profile anew for each container (17 ms of a start) and leaves the result in its state directory. The
 * next container with the same profile gets it back as an annotation.
 */
export interface SeccompCache {
  /** The spec to write: with the compiled filter when there is one, and never with one that somebody else put there. */
  apply(spec: OciSpec): Promise<{ readonly spec: OciSpec; readonly missing: string | undefined }>;
  /** Keeps what the runtime compiled for the profile that was `missing`. */
  keep(key: string, stateDirectory: string): Promise<void>;
}

export function createSeccompCache(directory: string): SeccompCache {
  const compiled = new Map<string, string>();

  const find = async (key: string): Promise<string | undefined> => {
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const stored = await readFile(join(directory, key)).catch(() => undefined);
    if (stored === undefined || stored.length === 0) return undefined;
    compiled.set(key, stored.toString('base64'));
    return compiled.get(key);
  };

  return {
    async apply(spec) {
      const { [annotation]: _foreign, ...annotations } = spec.annotations ?? {};
      if (spec.linux.seccomp === undefined) return { spec: { ...spec, annotations }, missing: undefined };
      const key = createHash('sha256').update(JSON.stringify(spec.linux.seccomp)).digest('hex');
      const filter = await find(key);
      if (filter === undefined) return { spec: { ...spec, annotations }, missing: key };
      return { spec: { ...spec, annotations: { ...annotations, [annotation]: filter } }, missing: undefined };
    },
    async keep(key, stateDirectory) {
      const filter = await readFile(join(stateDirectory, 'seccomp.bpf')).catch(() => Buffer.alloc(0));
      if (filter.length === 0) return;
      compiled.set(key, filter.toString('base64'));
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(join(directory, `${key}.new`), filter, { mode: 0o600 });
      await rename(join(directory, `${key}.new`), join(directory, key));
    },
  };
}
