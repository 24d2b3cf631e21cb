import { normalize } from 'node:path/posix';
import type { ExecCreateRequest } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { OciCapabilities, OciProcess } from '../oci/runtime-spec.ts';
import { resolveUser } from '../spec/resolve-user.ts';
import type { RootfsReader } from '../spec/spec-mutator.ts';

export interface ExecProcessInput {
  /** The container's main process: what an exec does not say, it has from there. */
  readonly base: OciProcess;
  readonly request: ExecCreateRequest;
  /** Of the running container. */
  readonly rootfs: RootfsReader;
  /** All that this machine can give. */
  readonly hostCapabilities: readonly string[];
}

/** The process of an exec. Its user is looked up in the container's own files, as they are now. */
export async function buildExecProcess({ base, request, rootfs, hostCapabilities }: ExecProcessInput): Promise<OciProcess> {
  const identity = request.user === undefined || request.user === '' ? undefined : await resolveUser(request.user, [], rootfs);
  const user = identity === undefined ? base.user : { uid: identity.uid, gid: identity.gid, additionalGids: [...identity.additionalGids] };
  const home = identity === undefined || identity.uid === base.user.uid ? [] : [`HOME=${identity.home}`];
  const terminal = request.tty === true && !base.env.some((entry) => entry.startsWith('TERM=')) ? ['TERM=xterm'] : [];
  const bounding = request.privileged === true ? hostCapabilities : (base.capabilities?.bounding ?? []);
  const process: OciProcess = {
    ...base,
    args: [...request.command],
    cwd: request.workingDir === undefined || request.workingDir === '' ? base.cwd : workingDirectory(request.workingDir),
    env: mergeEnv([...base.env, ...terminal, ...home, ...(request.env ?? [])]),
    user,
    capabilities: capabilitiesOf(bounding, user.uid),
    terminal: request.tty === true,
  };
  delete process.consoleSize;
  if (request.privileged === true) delete process.apparmorProfile;
  return process;
}

/** execve takes effective and permitted ones from a user who is not root. */
function capabilitiesOf(bounding: readonly string[], uid: number): OciCapabilities {
  const held = uid === 0 ? bounding : [];
  return { bounding: [...bounding], effective: [...held], permitted: [...held], inheritable: [], ambient: [] };
}

/** A later entry wins and keeps the earlier one's place; a bare name unsets. */
function mergeEnv(entries: readonly string[]): string[] {
  const byName = new Map<string, string>();
  for (const entry of entries) {
    const name = entry.split('=', 1)[0] ?? '';
    if (name === '' || entry.includes('\0'))
      throw new JockerError('invalid-argument', `environment variable ${JSON.stringify(entry)} has no valid name`);
    if (entry.includes('=')) byName.set(name, entry);
    else byName.delete(name);
  }
  return [...byName.values()];
}

/** Descriptors that the runtime has open at that moment lead out of the container (CVE-2024-21626). */
function workingDirectory(path: string): string {
  if (!path.startsWith('/')) throw new JockerError('invalid-argument', `working directory ${path} is not an absolute path`);
  if (/^\/proc\/(self|thread-self|\d+)(\/|$)/.test(normalize(path))) {
    throw new JockerError('invalid-argument', `working directory ${path} is that of a process`);
  }
  return path;
}
