export interface ContainerPath {
  readonly container: string;
  readonly path: string;
}

/** Whether a source means what is in a directory, not the directory itself. */
export const meansContent = (path: string): boolean => path === '.' || path.endsWith('/.');

/** The path of an archive's entry with `root` in the place of `base`, the folder that the archive is of; an empty one leaves its content. */
export function withRoot(path: string, base: string, root: string): string {
  const plain = path.replace(/^\.?\/+/, '').replace(/\/+$/, '');
  const rest = plain === base || plain === '.' ? '' : plain.startsWith(`${base}/`) ? plain.slice(base.length + 1) : plain;
  return [root, rest].filter((part) => part !== '').join('/') || '.';
}
