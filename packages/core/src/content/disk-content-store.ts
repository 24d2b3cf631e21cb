import { createHash, randomBytes, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { isJockerError, JockerError } from '../errors/jocker-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { isDigest } from '../oci/parse-digest.ts';
import type { ContentStore } from './content-store.ts';

const readAllBytesMax = 4 * 1024 * 1024;

/** Makes the folder when it is missing. One process writes; any may read. */
export async function createDiskContentStore(path: string): Promise<ContentStore> {
  await mkdir(`${path}/blobs/sha256`, { recursive: true, mode: 0o700 });
  await mkdir(`${path}/blobs/sha512`, { recursive: true, mode: 0o700 });
  await mkdir(`${path}/ingest`, { recursive: true, mode: 0o700 });
  await writeFile(`${path}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
  // Of a process that ended while it wrote: nobody knows their digests, so nobody can go on with them.
  for (const name of await readdir(`${path}/ingest`)) if (name.startsWith('new-')) await rm(`${path}/ingest/${name}`, { force: true });

  const pathOf = (digest: Digest): string => `${path}/blobs/${digest.replace(':', '/')}`;
  const partialOf = (digest: Digest): string => `${path}/ingest/${digest.replace(':', '-')}`;
  const sizeOf = async (digest: Digest): Promise<number> => {
    try {
      return (await stat(pathOf(digest))).size;
    } catch (cause) {
      throw notFound(digest, cause);
    }
  };
  /** The file is whole and synced; after this it is there for good. */
  const publish = async (from: string, digest: Digest): Promise<void> => {
    await rename(from, pathOf(digest));
    await syncDirectory(`${path}/blobs/${digest.slice(0, digest.indexOf(':'))}`);
  };
  /** A partial belongs to one writer at a time; a second one of the same digest starts with a file of its own. */
  const writing = new Set<Digest>();

  const takeIn = async (source: Readable, signal: AbortSignal, mediaType: string): Promise<Descriptor> => {
    const temporary = `${path}/ingest/new-${randomBytes(8).toString('hex')}`;
    const hash = createHash('sha256');
    try {
      const size = await pour(source, temporary, 0, signal, (chunk) => hash.update(chunk));
      const digest: Digest = `sha256:${hash.digest('hex')}`;
      await publish(temporary, digest);
      return { mediaType, digest, size };
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  };

  return {
    path,
    pathOf,
    size: sizeOf,
    async has(digest) {
      return await sizeOf(digest).then(
        () => true,
        () => false,
      );
    },
    async read(digest) {
      await sizeOf(digest);
      return createReadStream(pathOf(digest), { highWaterMark: 1 << 20 });
    },
    async readAll(digest, maxBytes = readAllBytesMax) {
      const size = await sizeOf(digest);
      if (size > maxBytes) throw new JockerError('resource-exhausted', `blob ${digest} has ${size} bytes, more than ${maxBytes}`);
      await using file = await open(pathOf(digest), 'r');
      return await file.readFile();
    },
    async partialSize(digest) {
      return writing.has(digest)
        ? 0
        : await stat(partialOf(digest)).then(
            ({ size }) => size,
            () => 0,
          );
    },
    async write(blob, source, { offset, signal, onBytes }) {
      // What was downloaded before is hashed first; the source may break meanwhile.
      source.on('error', () => undefined);
      const shared = !writing.has(blob.digest);
      if (!shared && offset > 0) {
        source.destroy();
        throw new JockerError('unavailable', `blob ${blob.digest} is being written by another download`);
      }
      const file = shared ? partialOf(blob.digest) : `${path}/ingest/new-${randomBytes(8).toString('hex')}`;
      if (shared) writing.add(blob.digest);
      let keep = shared;
      try {
        const hash = createHash(blob.digest.startsWith('sha512:') ? 'sha512' : 'sha256');
        if ((await hashStart(file, offset, hash, signal)) < offset)
          throw new JockerError('unavailable', `the first ${offset} bytes of blob ${blob.digest} are not there any more`);
        let received = offset;
        await pour(source, file, offset, signal, (chunk) => {
          received += chunk.length;
          if (received > blob.size) {
            keep = false;
            throw new JockerError('data-loss', `blob ${blob.digest} is longer than the ${blob.size} bytes that were announced`);
          }
          hash.update(chunk);
          onBytes?.(received);
        });
        if (received < blob.size) throw new JockerError('unavailable', `blob ${blob.digest} ended after ${received} of ${blob.size} bytes`);
        const actual = `${blob.digest.slice(0, 6)}:${hash.digest('hex')}`;
        if (actual !== blob.digest) {
          keep = false;
          throw new JockerError('data-loss', `blob ${blob.digest} does not match its digest`, { details: { digest: blob.digest, actual } });
        }
        keep = true;
        await publish(file, blob.digest);
      } catch (error) {
        source.destroy();
        // A full disk gets its space back.
        if (isJockerError(error, 'resource-exhausted')) keep = false;
        if (!keep) await rm(file, { force: true });
        throw signal.aborted ? cancelled(error) : error;
      } finally {
        if (shared) writing.delete(blob.digest);
      }
    },
    async put(bytes, mediaType) {
      const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      const temporary = `${path}/ingest/new-${randomBytes(8).toString('hex')}`;
      {
        await using file = await open(temporary, 'w', 0o600);
        await file.writeFile(bytes);
        await file.sync();
      }
      await publish(temporary, digest);
      return { mediaType, digest, size: bytes.byteLength };
    },
    async ingest(source, mediaType, signal) {
      return await takeIn(source, signal, mediaType);
    },
    async remove(digest) {
      await rm(pathOf(digest), { force: true });
      if (!writing.has(digest)) await rm(partialOf(digest), { force: true });
    },
    async removePartials() {
      let freed = 0;
      for (const name of await readdir(`${path}/ingest`)) {
        const digest = name.replace('-', ':');
        if (!isDigest(digest) || writing.has(digest)) continue;
        freed += (await stat(partialOf(digest))).size;
        await rm(partialOf(digest), { force: true });
      }
      return freed;
    },
    async *list() {
      for (const algorithm of ['sha256', 'sha512']) {
        for (const name of await readdir(`${path}/blobs/${algorithm}`)) {
          const digest = `${algorithm}:${name}`;
          // Removed since the folder was read.
          const size = isDigest(digest) ? await sizeOf(digest).catch(() => undefined) : undefined;
          if (isDigest(digest) && size !== undefined) yield { digest, size };
        }
      }
    },
  };
}

async function hashStart(path: string, length: number, hash: Hash, signal: AbortSignal): Promise<number> {
  let hashed = 0;
  if (length === 0) return hashed;
  for await (const piece of createReadStream(path, { end: length - 1, highWaterMark: 1 << 20, signal })) {
    const chunk = piece as Buffer;
    hash.update(chunk);
    hashed += chunk.length;
  }
  return hashed;
}

/** Writes a stream into a file from `offset` on and syncs it. The stream is destroyed, however this ends. */
async function pour(
  source: Readable,
  path: string,
  offset: number,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void,
): Promise<number> {
  const abort = (): void => void source.destroy(cancelled(undefined));
  // It may be destroyed before the loop below listens.
  source.on('error', () => undefined);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    await using file: FileHandle = await open(path, offset === 0 ? 'w' : 'r+', 0o600);
    await file.truncate(offset);
    let position = offset;
    for await (const piece of source) {
      const chunk = piece as Buffer;
      onChunk(chunk);
      for (let done = 0; done < chunk.length;) {
        const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position);
        done += bytesWritten;
        position += bytesWritten;
      }
    }
    await file.sync();
    return position;
  } catch (error) {
    if (signal.aborted) throw cancelled(error);
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
      throw new JockerError('resource-exhausted', `no space left on the disk of ${path}`, { cause: error });
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    source.destroy();
  }
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}

function cancelled(cause: unknown): JockerError {
  return isJockerError(cause, 'cancelled') ? cause : new JockerError('cancelled', 'the download was cancelled', { cause });
}

function notFound(digest: Digest, cause: unknown): JockerError {
  return new JockerError('not-found', `blob ${digest} is not in the content store`, { cause, details: { digest } });
}
