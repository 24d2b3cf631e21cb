/** Whether `path` is `folder` or lies in it. Both absolute and normalised. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || folder === '/' || path.startsWith(`${folder}/`);
}
