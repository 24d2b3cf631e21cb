import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { finished, type Readable } from 'node:stream';
import { native } from '@jocker/native';
import type { CallOptions, ContainerApi, ContainerFileApi } from '../../engine/engine.ts';
import { JockerError } from '../../errors/jocker-error.ts';
import { createWorkerPool } from '../../worker/worker-pool.ts';
import type { ContainerRoot, OpenContainerRoot, RootAccess } from './container-root.ts';
import type { FileOperations, FileQuestion } from './file-operations.ts';
import { cleanContainerPath } from './in-root.ts';
import type { FindChangesOptions } from './tree-changes.ts';

export interface ContainerFiles extends ContainerFileApi, Pick<ContainerApi, 'changes' | 'export'>, AsyncDisposable {
  /** What the container changed as an uncompressed OCI layer, whiteouts included (commit). The caller destroys the stream. */
  changesLayer(id: string, options?: CallOptions): Promise<Readable>;
}

const defaultMaxReadBytes = 64 * 2 ** 20;
/** An archive keeps its thread as long as its reader takes, so archives have threads of their own. */
const workersForCalls = 4;
const workersForArchives = 32;
const never = new AbortController().signal;

function defaultWorkerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './files-worker.ts' : './files-worker.mjs', import.meta.url);
}

/** Threads do the work, through descriptors of the container's root; nothing of the container's is executed or trusted. */
export function createContainerFiles(options: { readonly openRoot: OpenContainerRoot; readonly workerUrl?: URL }): ContainerFiles {
  const { openRoot } = options;
  const pool = (name: string, mostWorkers: number) =>
    createWorkerPool<FileQuestion, never, unknown>({
      url: options.workerUrl ?? defaultWorkerUrl(),
      name,
      mostWorkers,
      idleMs: 5_000,
      closesDescriptors: false,
    });
  const calls = pool('jocker-files', workersForCalls);
  const archives = pool('jocker-archives', workersForArchives);
  const openArchives = new Set<Readable>();

  async function ask<K extends keyof FileOperations>(
    threads: typeof calls,
    operation: K,
    ...args: Parameters<FileOperations[K]>
  ): Promise<Awaited<ReturnType<FileOperations[K]>>> {
    return (await threads.ask({ operation, args }, { signal: never })) as Awaited<ReturnType<FileOperations[K]>>;
  }

  async function call<K extends keyof FileOperations>(
    id: string,
    operation: K,
    args: (root: ContainerRoot) => Parameters<FileOperations[K]>,
    access: RootAccess = 'read',
  ): Promise<Awaited<ReturnType<FileOperations[K]>>> {
    await using root = await openRoot(id, access);
    return await ask(calls, operation, ...args(root));
  }

  /**
   * A thread writes into a pipe, this reads from it. A reader that leaves, or the signal, closes the pipe, and the thread
   * ends at its next write. Takes the root over.
   */
  function streamFrom(root: ContainerRoot, signal: AbortSignal | undefined, write: (outputFd: number) => Promise<unknown>): Readable {
    const [readEnd, writeEnd] = native().pipe();
    const archive = new Socket({ fd: readEnd, readable: true, writable: false });
    const abort = (): void => void archive.destroy(new JockerError('cancelled', 'reading the archive was cancelled'));
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    openArchives.add(archive);
    archive.once('close', () => openArchives.delete(archive));
    void write(writeEnd)
      .catch((error: Error) => archive.destroy(error))
      .then(async () => {
        signal?.removeEventListener('abort', abort);
        closeSync(writeEnd);
        await root[Symbol.asyncDispose]();
      })
      .catch((error: Error) => archive.destroy(error));
    return archive;
  }

  const changesOf = (root: ContainerRoot): FindChangesOptions => ({
    changesDirectory: root.changesDirectory,
    rootPath: `/proc/self/fd/${root.fd}`,
    lowerDirectories: root.lowerDirectories,
    mountTargets: root.mountTargets.map(cleanContainerPath),
  });

  async function writeArchive(
    root: ContainerRoot,
    path: string,
    archive: Readable,
    options_: Parameters<ContainerFileApi['writeArchive']>[3],
  ): Promise<void> {
    const signal = options_?.signal;
    const [readEnd, writeEnd] = native().pipe();
    const sink = new Socket({ fd: writeEnd, readable: false, writable: true });
    let broken: unknown;
    const stop = (error: unknown): void => {
      broken ??= error;
      sink.destroy();
    };
    const abort = (): void => stop(new JockerError('cancelled', 'writing the archive was cancelled'));
    // The thread that reads has ended; its own answer says why.
    sink.on('error', () => undefined);
    const unwatch = finished(archive, { writable: false }, (error) => {
      if (error) stop(new JockerError('data-loss', 'the archive broke off', { cause: error }));
    });
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    else archive.pipe(sink);
    try {
      const owner = options_?.copyOwner === true ? root.owner : null;
      await ask(archives, 'writeArchive', root.fd, path, readEnd, { noOverwriteDirNonDir: options_?.noOverwriteDirNonDir === true, owner });
      if (broken !== undefined) throw broken;
    } catch (error) {
      throw broken ?? error;
    } finally {
      signal?.removeEventListener('abort', abort);
      unwatch();
      archive.unpipe(sink);
      sink.destroy();
      closeSync(readEnd);
    }
  }

  return {
    stat: async (id, path, { followLink = false } = {}) => await call(id, 'stat', (root) => [root.fd, path, followLink]),
    list: async (id, path) => await call(id, 'list', (root) => [root.fd, path]),
    async read(id, path, { maxBytes = defaultMaxReadBytes } = {}) {
      // Between threads a Buffer becomes a plain Uint8Array.
      const data: Uint8Array = await call(id, 'read', (root) => [root.fd, path, maxBytes]);
      return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    },
    write: async (id, path, data, mode) => await call(id, 'write', (root) => [root.fd, path, data, mode], 'write'),
    createDirectory: async (id, path) => await call(id, 'createDirectory', (root) => [root.fd, path], 'write'),
    rename: async (id, from, to, { overwrite }) => await call(id, 'rename', (root) => [root.fd, from, to, overwrite], 'write'),
    remove: async (id, path, { recursive }) => await call(id, 'remove', (root) => [root.fd, path, recursive], 'write'),
    async readArchive(id, path, { signal } = {}) {
      const root = await openRoot(id, 'read');
      try {
        const stat = await ask(calls, 'stat', root.fd, path, false);
        return { stat, archive: streamFrom(root, signal, async (fd) => await ask(archives, 'readArchive', root.fd, path, fd)) };
      } catch (error) {
        await root[Symbol.asyncDispose]();
        throw error;
      }
    },
    async writeArchive(id, path, archive, writeOptions) {
      await using root = await openRoot(id, 'write');
      await writeArchive(root, path, archive, writeOptions);
    },
    async changes(id) {
      const changes = await call(id, 'changes', (root) => [changesOf(root)]);
      return changes.map(({ path, kind }) => ({ path: `/${Buffer.from(path, 'latin1').toString()}`, kind }));
    },
    async export(id, { signal } = {}) {
      const root = await openRoot(id, 'read');
      return streamFrom(root, signal, async (fd) => await ask(archives, 'export', root.fd, fd));
    },
    async changesLayer(id, { signal } = {}) {
      const root = await openRoot(id, 'read');
      return streamFrom(root, signal, async (fd) => await ask(archives, 'changesLayer', root.fd, changesOf(root), fd));
    },
    async [Symbol.asyncDispose]() {
      for (const archive of openArchives) archive.destroy();
      await Promise.all([calls.close(), archives.close()]);
    },
  };
}
