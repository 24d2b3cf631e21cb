export interface ContainerPath {
  readonly container: string;
  readonly path: string;
}

/** Whether a source means what is in a directory, not the directory itself. */
export const meansContent = (path: string): boolean => path === '.' || path.endsWith('/.');

/** The path of an archive's entry with its first segment replaced; an empty one leaves the content alone. */
export function withRoot(path: string, root: string): string {
  const rest = path.replace(/^\.?\/?[^/]*\/?/, '');
  return root === '' ? rest || '.' : rest === '' ? root : `${root}/${rest}`;
}
