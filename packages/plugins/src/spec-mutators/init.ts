import { open } from 'node:fs/promises';
import { JockerError, type SpecMutator } from '@jocker/core';

/** Where distributions and engines put a small init; static ones only, since the image's C library is not the host's. */
const candidates = [
  '/usr/bin/tini-static',
  '/usr/bin/docker-init',
  '/usr/libexec/docker/docker-init',
  '/usr/libexec/podman/catatonit',
  '/usr/bin/catatonit',
  '/usr/bin/tini',
  '/sbin/tini-static',
];

const destination = '/sbin/docker-init';

/** A reaper of the host's own as process 1, the command as its child. */
export const init: SpecMutator = {
  name: 'init',
  phase: 'early',
  async mutate(draft, { request }) {
    if (request.init !== true) return;
    const source = await findStaticProgram(candidates);
    if (source === undefined) {
      throw new JockerError('unsupported', 'an init was asked for, but this machine has none: install the package tini or catatonit');
    }
    draft.mounts.push({ destination, type: 'bind', source, options: ['bind', 'rprivate', 'ro'] });
    draft.process.args = [destination, '--', ...draft.process.args];
  },
};

async function findStaticProgram(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isStaticProgram(path)) return path;
  return undefined;
}

const interpreterSegment = 3;

/** A 64-bit little-endian ELF file without PT_INTERP. */
async function isStaticProgram(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return false;
  try {
    const head = Buffer.alloc(4096);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    if (bytesRead < 64 || head.readUInt32BE(0) !== 0x7f45_4c46 || head[4] !== 2 || head[5] !== 1) return false;
    const start = Number(head.readBigUInt64LE(32));
    const size = head.readUInt16LE(54);
    const count = head.readUInt16LE(56);
    if (start + size * count > bytesRead) return false;
    for (let index = 0; index < count; index += 1) {
      if (head.readUInt32LE(start + index * size) === interpreterSegment) return false;
    }
    return true;
  } finally {
    await file.close();
  }
}
