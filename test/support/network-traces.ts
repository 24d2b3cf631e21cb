import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Bridges, veth pairs and tables of rules that carry an engine's mark. */
export async function networkTracesOf(engineId: string): Promise<readonly string[]> {
  const names = await readdir('/sys/class/net');
  const links = await Promise.all(
    names.map(async (name) => {
      const alias = await readFile(`/sys/class/net/${name}/ifalias`, 'utf8').catch(() => '');
      return alias.startsWith(`jocker:${engineId}:`) ? [`interface ${name}`] : [];
    }),
  );
  const tables = await run('nft', ['list', 'tables']).then(
    ({ stdout }) => stdout.split('\n').filter((line) => line.includes(engineId)),
    () => [],
  );
  return [...links.flat(), ...tables];
}
