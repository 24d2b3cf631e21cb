/** As people write it: without Docker Hub's host and folder. */
export function familiarReference(reference: string): string {
  return reference.replace(/^docker\.io\/(?:library\/)?/, '');
}

/** `host:5000/a:tag` into name and tag, both as `docker images` shows them. */
export function repositoryAndTag(reference: string): readonly [string, string] {
  const familiar = familiarReference(reference);
  const at = familiar.indexOf('@');
  if (at >= 0) return [familiar.slice(0, at), '<none>'];
  const colon = familiar.lastIndexOf(':');
  if (colon < 0 || familiar.includes('/', colon)) return [familiar, '<none>'];
  return [familiar.slice(0, colon), familiar.slice(colon + 1)];
}
