import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { PassThrough, pipeline, Readable, Transform } from 'node:stream';
import {
  createDecompressor,
  createGeneratedSource,
  definePlugin,
  detectCompression,
  JockerError,
  longestMagicBytes,
  type ImageSource,
  type Plugin,
} from '@jocker/core';
import { createHttpExchange, type HttpExchange } from '../registry/http-exchange.ts';

const downloadBytesMax = 8 * 1024 ** 3;
const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

interface RootfsLocation {
  /** A path or an http(s) URL. */
  readonly place: string;
  readonly sha256: string | undefined;
}

/** `rootfs:/alpine-minirootfs.tar.gz`, `rootfs:https://…/rootfs.tar.xz#sha256=…`: one layer, and `/bin/sh` to run. */
function createRootfsSource(exchange: HttpExchange): ImageSource {
  return createGeneratedSource({
    name: 'rootfs-archive',
    scheme: 'rootfs',
    async make(location, { signal }) {
      const { place, sha256 } = parseLocation(location);
      const raw = /^https?:\/\//.test(place) ? await download(exchange, new URL(place), signal) : await openFile(place);
      const checked = sha256 === undefined ? raw : verify(raw, sha256, place);
      return { layer: await decompress(checked, place), config: { env: [defaultPath], command: ['/bin/sh'] } };
    },
  });
}

export const rootfsArchiveSource: Plugin = definePlugin({
  name: 'image-source-rootfs-archive',
  setup(jocker) {
    const exchange = createHttpExchange();
    jocker.onClose(() => exchange[Symbol.dispose]());
    jocker.provide('imageSource', () => createRootfsSource(exchange));
  },
});

function parseLocation(location: string): RootfsLocation {
  const mark = location.lastIndexOf('#sha256=');
  const place = mark < 0 ? location : location.slice(0, mark);
  const sha256 = mark < 0 ? undefined : location.slice(mark + '#sha256='.length).toLowerCase();
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256))
    throw new JockerError('invalid-argument', `"${sha256.slice(0, 80)}" in rootfs:${location} is not a sha256`);
  if (!place.startsWith('/') && !/^https?:\/\//.test(place))
    throw new JockerError('invalid-argument', `"${place}" in rootfs:${location} is neither an absolute path nor a URL`);
  return { place, sha256 };
}

async function openFile(path: string): Promise<Readable> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new JockerError('not-found', `there is no root file system at ${path}`, { cause });
  });
  if (!found.isFile()) throw new JockerError('invalid-argument', `${path} is not a file`);
  const file = await open(path);
  return createReadStream(path, { fd: file, highWaterMark: 1 << 20 });
}

async function download(exchange: HttpExchange, url: URL, signal: AbortSignal): Promise<Readable> {
  const { status, body } = await exchange.send({ method: 'GET', url, signal });
  if (status !== 200) {
    body.destroy();
    throw new JockerError(status === 404 ? 'not-found' : 'unavailable', `${url.href} answers ${status}`);
  }
  let received = 0;
  return through(body, (chunk) => {
    received += chunk.length;
    if (received > downloadBytesMax) throw new JockerError('resource-exhausted', `${url.href} is longer than ${downloadBytesMax} bytes`);
  });
}

/** Passes a stream on and looks at each chunk; an exception of `look` or `end` is the stream's error. */
function through(source: Readable, look: (chunk: Buffer) => void, end: () => void = () => undefined): Readable {
  const output = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        look(chunk);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        end();
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  pipeline(source, output, () => undefined);
  return output;
}

function verify(source: Readable, sha256: string, place: string): Readable {
  const hash = createHash('sha256');
  return through(
    source,
    (chunk) => hash.update(chunk),
    () => {
      const actual = hash.digest('hex');
      if (actual !== sha256)
        throw new JockerError('data-loss', `${place} has the sha256 ${actual}`, { details: { expected: sha256, actual } });
    },
  );
}

async function decompress(source: Readable, place: string): Promise<Readable> {
  const iterator = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let start = Buffer.alloc(0);
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    start = Buffer.concat([start, next.value]);
    if (start.length >= longestMagicBytes) break;
  }
  const whole = async function* (): AsyncGenerator<Buffer> {
    yield start;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  };
  const stage = createDecompressor(detectCompression(start));
  const stream = Readable.from(whole(), { objectMode: false });
  if (stage === undefined) return stream;
  const output = new PassThrough({ highWaterMark: 1 << 20 });
  pipeline(stream, stage, output, (error) => {
    if (error) output.destroy(error instanceof JockerError ? error : new JockerError('data-loss', `${place} is broken`, { cause: error }));
  });
  return output;
}
