import { Readable } from 'node:stream';
import { JockerError, type FileStat } from '@jocker/core';
import { clientSignal } from '../../http/client-signal.ts';
import type { DockerCall, DockerRoute } from '../docker-route.ts';

const id = (call: DockerCall): string => call.params['id'] ?? '';

function pathOf({ query }: DockerCall): string {
  const path = query.text('path');
  if (path === undefined) throw new JockerError('invalid-argument', 'path is needed');
  return path;
}

export const archiveRoutes: readonly DockerRoute[] = [
  {
    method: 'HEAD',
    path: '/containers/{id}/archive',
    summary: 'What is at a path.',
    support: 'yes',
    async handle(call) {
      const stat = await call.engine.containers.files.stat(id(call), pathOf(call));
      await call.reply.header('x-docker-container-path-stat', encodeStat(stat)).send();
      return undefined;
    },
  },
  {
    method: 'GET',
    path: '/containers/{id}/archive',
    summary: 'A file or folder as a tar (docker cp), also of a stopped container.',
    support: 'yes',
    async handle(call) {
      const { stat, archive } = await call.engine.containers.files.readArchive(id(call), pathOf(call), {
        ...call.options,
        signal: clientSignal(call.reply),
      });
      call.reply.raw.on('close', () => archive.destroy());
      await call.reply.header('x-docker-container-path-stat', encodeStat(stat)).header('content-type', 'application/x-tar').send(archive);
      return undefined;
    },
  },
  {
    method: 'PUT',
    path: '/containers/{id}/archive',
    summary: 'Extract a tar into a folder.',
    support: 'yes',
    async handle(call) {
      if (!(call.body instanceof Readable)) throw new JockerError('invalid-argument', 'the body must be an archive');
      await call.engine.containers.files.writeArchive(id(call), pathOf(call), call.body, {
        ...call.options,
        noOverwriteDirNonDir: call.query.flag('noOverwriteDirNonDir'),
        copyOwner: call.query.flag('copyUIDGID'),
      });
      await call.reply.code(200).send();
      return undefined;
    },
  },
  {
    method: 'GET',
    path: '/containers/{id}/export',
    summary: 'The whole root file system as a tar.',
    support: 'yes',
    async handle(call) {
      const archive = await call.engine.containers.export(id(call), { ...call.options, signal: clientSignal(call.reply) });
      call.reply.raw.on('close', () => archive.destroy());
      await call.reply.header('content-type', 'application/octet-stream').send(archive);
      return undefined;
    },
  },
];

/** Go's os.FileMode: the permission bits, and the type in the upper ones. */
const goTypes: Readonly<Record<FileStat['type'], number>> = {
  file: 0,
  directory: 2 ** 31,
  symlink: 2 ** 27,
  device: 2 ** 26,
  fifo: 2 ** 25,
  socket: 2 ** 24,
};

function encodeStat(stat: FileStat): string {
  const special =
    ((stat.mode & 0o4000) === 0 ? 0 : 2 ** 23) + ((stat.mode & 0o2000) === 0 ? 0 : 2 ** 22) + ((stat.mode & 0o1000) === 0 ? 0 : 2 ** 20);
  const body = {
    name: stat.name,
    size: stat.sizeBytes,
    mode: goTypes[stat.type] + special + (stat.mode & 0o777),
    mtime: stat.modifiedAt,
    linkTarget: stat.linkTarget,
  };
  return Buffer.from(JSON.stringify(body)).toString('base64');
}
