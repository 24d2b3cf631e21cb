import { readFile } from 'node:fs/promises';

/** Whether something is mounted right there. */
export async function isMounted(path: string): Promise<boolean> {
  const escaped = path.replaceAll(/[\\ \t\n]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return lines.some((line) => line.split(' ')[4] === escaped);
}
