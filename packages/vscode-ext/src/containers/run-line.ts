import type { CreateRequest } from '@jocker/protocol';

/** The `jocker run` line that makes the same container, quoted for a POSIX shell. */
export function runLine(request: CreateRequest): string {
  const words: string[] = ['jocker', 'run', '-d'];
  const option = (name: string, value: string | undefined): void => {
    if (value !== undefined) words.push(name, value);
  };
  if (request.tty === true) words.push('-t');
  if (request.openStdin === true) words.push('-i');
  if (request.autoRemove === true) words.push('--rm');
  option('--name', request.name);
  option('--hostname', request.hostname);
  option('--workdir', request.workingDir);
  option('--user', request.user);
  for (const variable of request.env ?? []) option('--env', variable);
  for (const [key, value] of Object.entries(request.labels ?? {})) option('--label', `${key}=${value}`);
  for (const mount of request.mounts ?? []) {
    if (mount.type === 'tmpfs') option('--tmpfs', mount.target);
    else option('--volume', `${mount.source}:${mount.target}${mount.readonly === true ? ':ro' : ''}`);
  }
  if (request.readonlyRootfs === true) words.push('--read-only');
  if (request.privileged === true) words.push('--privileged');
  for (const capability of request.capAdd ?? []) option('--cap-add', capability);
  for (const capability of request.capDrop ?? []) option('--cap-drop', capability);
  option('--network', request.network);
  const limits = request.resources ?? {};
  if (limits.memoryBytes !== undefined) option('--memory', String(limits.memoryBytes));
  if (limits.nanoCpus !== undefined) option('--cpus', String(limits.nanoCpus / 1e9));
  if (limits.pidsLimit !== undefined) option('--pids-limit', String(limits.pidsLimit));
  option('--stop-signal', request.stopSignal);
  option('--runtime', request.runtime);
  const [program, ...fixed] = request.entrypoint ?? [];
  option('--entrypoint', program);
  return [...words, request.image, ...fixed, ...(request.command ?? [])].map(quote).join(' ');
}

function quote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
