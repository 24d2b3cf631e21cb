import { open } from 'node:fs/promises';
import { native } from '@jocker/native';

/** syncfs(2) on whatever file system a folder lies on. */
export async function syncFileSystem(directory: string): Promise<void> {
  const folder = await open(directory, 'r');
  try {
    await native().syncfs(folder.fd);
  } finally {
    await folder.close();
  }
}
