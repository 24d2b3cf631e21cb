import { posix } from 'node:path';
import { JockerError, type CreateRequest, type ImageRunConfig, type SpecMutator } from '@jocker/core';
import { isBelow } from './is-below.ts';

/** What runs and where: the image's Entrypoint and Cmd under the request's own, and the working directory. */
export const imageProcess: SpecMutator = {
  name: 'image-process',
  phase: 'early',
  async mutate(draft, { request, image, rootfs }) {
    draft.process.args = argumentsOf(request, image.config, image.reference);
    const cwd = workingDirectory(request, image.config);
    const resolved = cwd === '/' ? cwd : await rootfs.resolve(cwd);
    // CVE-2024-21626: a working directory below /proc/self/fd was a descriptor of the host.
    if (resolved === undefined || isBelow(resolved, '/proc') || isBelow(cwd, '/proc')) {
      throw new JockerError('invalid-argument', `the working directory ${cwd} leaves the container's root file system`);
    }
    draft.process.cwd = cwd;
  },
};

/** Overriding the entrypoint drops the image's Cmd, which was written for the other one. */
function argumentsOf(request: CreateRequest, image: ImageRunConfig, reference: string): string[] {
  const entrypoint = request.entrypoint ?? image.entrypoint ?? [];
  const asked = request.command ?? [];
  const command = asked.length > 0 || request.entrypoint !== undefined ? asked : (image.command ?? []);
  const args = [...entrypoint, ...command];
  if (args.length === 0) {
    throw new JockerError('invalid-argument', `no command specified: the image ${reference} has none and the request neither`);
  }
  if (args[0] === '') throw new JockerError('invalid-argument', 'the command is an empty string');
  if (args.some((each) => each.includes('\0'))) throw new JockerError('invalid-argument', 'the command has a NUL byte in it');
  return args;
}

function workingDirectory(request: CreateRequest, image: ImageRunConfig): string {
  const asked = request.workingDir === '' ? undefined : request.workingDir;
  if (asked !== undefined && !asked.startsWith('/')) {
    throw new JockerError('invalid-argument', `the working directory ${asked} is not absolute`);
  }
  const cwd = posix.normalize(`/${asked ?? image.workingDir ?? ''}`);
  if (cwd.includes('\0')) throw new JockerError('invalid-argument', 'the working directory has a NUL byte in it');
  return cwd.length > 1 && cwd.endsWith('/') ? cwd.slice(0, -1) : cwd;
}
