import { chmod, chown, stat } from 'node:fs/promises';

/** Owner and mode of one folder for another: the root of a file system looks like that of its top layer. */
export async function copyRootAttributes(from: string, to: string): Promise<void> {
  const { uid, gid, mode } = await stat(from);
  if (uid !== process.getuid?.() || gid !== process.getgid?.()) await chown(to, uid, gid);
  await chmod(to, mode & 0o7777);
}
