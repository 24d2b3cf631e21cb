import { mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGeneratedSource, JockerError, type ImageSource } from '@jocker/core';
import { execa } from 'execa';
import { parseLocation, type GitLocation } from './parse-location.ts';

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** `git:https://host/rootfs.git#v1`: a repository, or a folder of it (`#v1:folder`), as a root file system. */
export function createGitSource(): ImageSource {
  return createGeneratedSource({
    scheme: 'git',
    async make(location, { signal }) {
      const parsed = parseLocation(location);
      const directory = await mkdtemp(join(tmpdir(), 'jocker-git-'));
      const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
      try {
        const commit = await clone(parsed, directory, signal);
        const root = await folderOf(parsed, directory);
        return { layer: archive(root, remove, signal), config: { env: [path], command: ['/bin/sh'] }, comment: `commit ${commit}` };
      } catch (error) {
        await remove();
        throw error;
      }
    },
  });
}

/** Nothing that comes with the repository or this machine's configuration is run or followed. */
const careful = [
  'protocol.allow=never',
  'protocol.https.allow=always',
  'protocol.ssh.allow=always',
  'protocol.file.allow=always',
  'protocol.ext.allow=never',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.autocrlf=false',
  'submodule.recurse=false',
  'credential.helper=',
].flatMap((setting) => ['-c', setting]);
const env = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
  GIT_LFS_SKIP_SMUDGE: '1',
  LC_ALL: 'C',
};

async function clone({ url, ref }: GitLocation, directory: string, signal: AbortSignal): Promise<string> {
  const branch = ref === undefined ? [] : ['--branch', ref];
  const options = ['--quiet', '--depth', '1', '--single-branch', '--no-tags', '--no-recurse-submodules', '--template='];
  const ran = await execa('git', [...careful, 'clone', ...options, ...branch, '--', url, directory], {
    cancelSignal: signal,
    stdin: 'ignore',
    reject: false,
    env,
  });
  signal.throwIfAborted();
  if (ran.code === 'ENOENT') throw new JockerError('unavailable', 'git is not installed; install it with: apt-get install git');
  if (ran.failed) {
    const said = ran.stderr.split('\n').find((line) => /^(?:fatal|error|warning): /.test(line)) ?? `git ended with ${ran.exitCode}`;
    const isMissing = /not found|does not exist|does not appear to be a git repository/i.test(ran.stderr);
    throw new JockerError(isMissing ? 'not-found' : 'unavailable', `${url} cannot be cloned: ${said.replace(/^\w+: /, '')}`);
  }
  return (await execa('git', [...careful, '-C', directory, 'rev-parse', 'HEAD'], { env })).stdout;
}

/** A link in the repository must not lead to a folder of this machine. */
async function folderOf({ folder, url }: GitLocation, directory: string): Promise<string> {
  const root = await realpath(directory);
  const found = await realpath(join(root, folder)).catch(() => undefined);
  const isInside = found !== undefined && (found === root || found.startsWith(`${root}/`)) && !`${found}/`.startsWith(`${root}/.git/`);
  if (!isInside || !(await stat(found)).isDirectory()) throw new JockerError('not-found', `${url} has no folder ${folder}`);
  return found;
}

/** Owned by root, no time of day: the same commit gives the same image. */
function archive(root: string, remove: () => Promise<void>, signal: AbortSignal): Readable {
  const options = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  async function* bytes(): AsyncGenerator<Buffer> {
    const tar = execa('tar', [...options, '--exclude=./.git', '-C', root, '-cf', '-', '.'], {
      buffer: false,
      cancelSignal: signal,
      stdin: 'ignore',
    });
    // Its end is awaited below; a reader who leaves first is no unhandled rejection.
    tar.catch(() => undefined);
    try {
      yield* tar.stdout as AsyncIterable<Buffer>;
      await tar;
    } finally {
      await remove();
    }
  }
  return Readable.from(bytes(), { objectMode: false });
}
