import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { isJockerError, JockerError } from '../errors/jocker-error.ts';
import type { Digest } from '../oci/digest.ts';
import { fromFsPath } from './byte-path.ts';
import { createDecompressor, detectFileCompression, isBrokenData } from './decompress.ts';
import { checkStreamLimits, type LayerLimits } from './layer-limits.ts';
import { createLayerTree } from './layer-tree.ts';
import { createLowerView, type LowerView } from './lower-view.ts';
import { createTarReader } from './tar-reader.ts';
import { createEntryWriter } from './write-entry.ts';
import { createLayerHandler } from './write-layer.ts';

/** What crosses to the worker: plain data. */
export interface UnpackLayerRequest {
  /** A tar, plain or compressed with gzip or zstd. */
  readonly blobPath: string;
  /** Private to the engine; with `plain` whiteouts it holds the parent already. */
  readonly directory: string;
  readonly whiteouts: 'overlay' | 'plain';
  /** `data-loss` when the uncompressed bytes have another one. */
  readonly expectedDiffId?: Digest;
  /**
   * With `overlay` whiteouts: the directories of the layers below, upper-most first; [] for the bottom layer. With it
   * symlinked parents (`lib -> usr/lib`) lead where they lead in the image, missing parents get the attributes that they
   * have below, and hard links to files of lower layers work. Without it missing parents are made with mode 0755.
   * `pending`: they are not there yet; a layer that asks for them fails with `failed-precondition` at that entry.
   */
  readonly parentDirectories?: readonly string[] | 'pending';
  readonly limits: LayerLimits;
}

export interface AppliedLayer {
  readonly diffId: Digest;
  /** Of the uncompressed tar. */
  readonly bytes: number;
  readonly entries: number;
  /** Content of all files: what the layer takes on disk. */
  readonly sizeBytes: number;
  /** Attributes that this file system could not keep; the first few. */
  readonly warnings: readonly string[];
}

const mostWarnings = 20;

function translate(error: unknown, blobPath: string): JockerError {
  if (isJockerError(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (isBrokenData(error))
    return new JockerError('data-loss', `the layer ${blobPath} cannot be decompressed: ${message}`, { cause: error });
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new JockerError('resource-exhausted', `no space left while a layer was unpacked`, { cause: error });
  return new JockerError('internal', `the layer ${blobPath} could not be unpacked: ${message}`, { cause: error });
}

function lowerView(parentDirectories: UnpackLayerRequest['parentDirectories']): LowerView | undefined {
  if (parentDirectories !== 'pending') return parentDirectories && createLowerView(parentDirectories.map(fromFsPath));
  return {
    find() {
      throw new JockerError('failed-precondition', 'the layer needs those below it, which are not there yet');
    },
  };
}

/** Applies one layer on the calling thread, which it keeps busy; `onProgress` gets the compressed bytes taken so far. */
export async function unpackLayer(request: UnpackLayerRequest, onProgress: (bytes: number) => void): Promise<AppliedLayer> {
  const { blobPath, limits, parentDirectories } = request;
  const warnings: string[] = [];
  const warn = (message: string): void => void (warnings.length < mostWarnings && warnings.push(message));
  const directory = fromFsPath(request.directory);
  const tree = createLayerTree({
    directory,
    whiteouts: request.whiteouts,
    lower: request.whiteouts === 'overlay' ? lowerView(parentDirectories) : undefined,
    isBottom: request.whiteouts === 'overlay' && parentDirectories?.length === 0,
    warn,
  });
  using writer = createEntryWriter(tree, warn);
  const handler = createLayerHandler(tree, writer, limits);
  const reader = createTarReader(handler);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const compression = await detectFileCompression(blobPath);
    const source = createReadStream(blobPath, { highWaterMark: 1 << 20 });
    const decompressor = createDecompressor(compression);
    const take = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        checkStreamLimits(limits, compression === 'none' ? bytes : source.bytesRead, bytes);
        hash.update(chunk);
        reader.push(chunk);
        onProgress(source.bytesRead);
      }
    };
    await (decompressor === undefined ? pipeline(source, take) : pipeline(source, decompressor, take));
    reader.end();
    const diffId: Digest = `sha256:${hash.digest('hex')}`;
    if (request.expectedDiffId !== undefined && request.expectedDiffId !== diffId) {
      throw new JockerError('data-loss', `the layer ${blobPath} has the diff id ${diffId} and not ${request.expectedDiffId}`);
    }
    tree.finish();
    return { diffId, bytes, entries: handler.entries, sizeBytes: handler.sizeBytes, warnings };
  } catch (error) {
    throw translate(error, blobPath);
  }
}
