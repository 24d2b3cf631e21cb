import { isAbsolute, resolve } from 'node:path';

const pathSchemes = /^(rootfs|oci|oci-archive|docker-archive):(.+)$/;

/** References with a path in them mean it from here; the daemon has another directory. */
export function absoluteReference(reference: string, directory: string = process.cwd()): string {
  const [, scheme, path] = pathSchemes.exec(reference) ?? [];
  if (scheme === undefined || path === undefined || isAbsolute(path) || /^https?:\/\//.test(path)) return reference;
  return `${scheme}:${resolve(directory, path)}`;
}
