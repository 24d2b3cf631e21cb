import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Starts the process of one plugin. It has the daemon's environment, and of its descriptors none. */
export function forkPlugin(file: string, name: string): ChildProcess {
  const program = new URL(import.meta.url.endsWith('.ts') ? './plugin-process.ts' : './plugin-process.mjs', import.meta.url);
  return fork(fileURLToPath(program), [file, name], { serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'], cwd: '/' });
}
