import { isAbsolute } from 'node:path';
import { JockerError, type ImageReference } from '@jocker/core';

/**
 * `/path/image.tar:name:tag` is a path and, behind the first colon after its last slash, a name. The daemon has no working
 * directory of the user's: paths are absolute (the CLI makes them so). Throws `invalid-argument`.
 */
export function splitLocation(reference: ImageReference): { readonly path: string; readonly name: string | undefined } {
  const location = reference.kind === 'scheme' ? reference.location : '';
  const colon = location.indexOf(':');
  const path = colon < 0 ? location : location.slice(0, colon);
  const name = colon < 0 ? undefined : location.slice(colon + 1);
  if (!isAbsolute(path)) throw new JockerError('invalid-argument', `"${path}" in ${reference.text} is not an absolute path`);
  return { path, name: name === '' ? undefined : name };
}
