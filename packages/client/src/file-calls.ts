import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { FileStat } from '@jocker/protocol';
import { pathOf, type UnixSocket } from './unix-socket.ts';

export interface FileCalls {
  stat(id: string, path: string, options?: { readonly followLink?: boolean }): Promise<FileStat>;
  list(id: string, path: string): Promise<readonly FileStat[]>;
  read(id: string, path: string, options?: { readonly maxBytes?: number }): Promise<Buffer>;
  write(id: string, path: string, data: Uint8Array, options: { readonly create: boolean; readonly overwrite: boolean }): Promise<void>;
  createDirectory(id: string, path: string): Promise<void>;
  rename(id: string, from: string, to: string, options: { readonly overwrite: boolean }): Promise<void>;
  remove(id: string, path: string, options: { readonly recursive: boolean }): Promise<void>;
  /** A tar of the file or folder, entries under its base name. */
  readArchive(
    id: string,
    path: string,
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ readonly stat: FileStat; readonly archive: Readable }>;
  writeArchive(
    id: string,
    path: string,
    archive: Readable,
    options?: { readonly noOverwriteDirNonDir?: boolean; readonly copyOwner?: boolean; readonly signal?: AbortSignal },
  ): Promise<void>;
}

export function createFileCalls(socket: UnixSocket): FileCalls {
  const of = (id: string, ...rest: readonly string[]): string => pathOf('containers', id, ...rest);
  return {
    stat: (id, path, options = {}) => socket.json({ method: 'GET', path: of(id, 'files', 'stat'), query: { path, ...options } }),
    list: (id, path) => socket.json({ method: 'GET', path: of(id, 'files', 'list'), query: { path } }),
    read: async (id, path, options = {}) =>
      buffer(await socket.send({ method: 'GET', path: of(id, 'files', 'content'), query: { path, ...options } })),
    write: (id, path, data, options) =>
      socket.json({ method: 'PUT', path: of(id, 'files', 'content'), query: { path, ...options }, body: data }),
    createDirectory: (id, path) => socket.json({ method: 'POST', path: of(id, 'files', 'create-directory'), json: { path } }),
    rename: (id, from, to, { overwrite }) =>
      socket.json({ method: 'POST', path: of(id, 'files', 'rename'), json: { from, to, overwrite } }),
    remove: (id, path, options) => socket.json({ method: 'DELETE', path: of(id, 'files'), query: { path, ...options } }),
    readArchive: async (id, path, { signal } = {}) => {
      const archive = await socket.send({ method: 'GET', path: of(id, 'archive'), query: { path }, signal });
      return { stat: JSON.parse(decodeURIComponent(String(archive.headers['jocker-file-stat']))) as FileStat, archive };
    },
    writeArchive: (id, path, archive, { signal, ...query } = {}) =>
      socket.json({ method: 'PUT', path: of(id, 'archive'), query: { path, ...query }, body: archive, signal }),
  };
}
