import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { blockBytes, paddingOf, type TarEntry, type TarEntryType } from '../layer/tar-entry.ts';
import { encodeTarHeader } from '../layer/tar-writer.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';

/** One entry of a test archive; everything may be wrong on purpose. */
export interface FixtureEntry {
  readonly path: string | Buffer;
  /** `file` when absent; `directory` when the path ends in a slash. */
  readonly type?: TarEntryType;
  readonly content?: string | Buffer;
  readonly linkPath?: string | Buffer;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtimeNs?: bigint;
  readonly device?: readonly [major: number, minor: number];
  readonly xattrs?: Readonly<Record<string, Buffer>>;
}

export interface FixtureLayer {
  /** A Buffer among the entries goes into the archive as it is. */
  readonly entries: readonly (FixtureEntry | Buffer)[];
  readonly compression?: 'none' | 'gzip' | 'zstd';
}

export interface FixtureImage {
  readonly layers: readonly FixtureLayer[];
  /** `org.opencontainers.image.ref.name` in the index. */
  readonly tag?: string;
  /** Of the config blob, in OCI spelling: `{ Cmd: ['sh'] }`. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly architecture?: string;
}

export interface FixtureImageResult {
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly diffIds: readonly Digest[];
}

/** 2023-11-14, so that archives are the same each time. */
const defaultMtimeNs = 1_700_000_000_000_000_000n;

export function sha256Of(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function toTarEntry(entry: FixtureEntry): TarEntry {
  const path = Buffer.from(entry.path);
  const type = entry.type ?? (path.at(-1) === 0x2f ? 'directory' : 'file');
  return {
    type,
    path,
    linkPath: Buffer.from(entry.linkPath ?? ''),
    mode: entry.mode ?? (type === 'directory' ? 0o755 : 0o644),
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    size: type === 'file' ? Buffer.byteLength(entry.content ?? '') : 0,
    mtimeNs: entry.mtimeNs ?? defaultMtimeNs,
    deviceMajor: entry.device?.[0] ?? 0,
    deviceMinor: entry.device?.[1] ?? 0,
    xattrs: new Map(Object.entries(entry.xattrs ?? {})),
  };
}

export function makeTar(entries: readonly (FixtureEntry | Buffer)[]): Buffer {
  const parts = entries.flatMap((entry) => {
    if (Buffer.isBuffer(entry)) return [entry];
    const member = toTarEntry(entry);
    return [encodeTarHeader(member), ...(member.size > 0 ? [Buffer.from(entry.content ?? ''), Buffer.alloc(paddingOf(member.size))] : [])];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

function compress(tar: Buffer, compression: FixtureLayer['compression']): Buffer {
  if (compression === 'gzip') return gzipSync(tar);
  return compression === 'zstd' ? zstdCompressSync(tar) : tar;
}

async function writeBlob(layout: string, bytes: Buffer, mediaType: string): Promise<Descriptor> {
  const digest = sha256Of(bytes);
  await writeFile(join(layout, 'blobs/sha256', digest.slice('sha256:'.length)), bytes);
  return { mediaType, digest, size: bytes.length };
}

async function writeImage(layout: string, image: FixtureImage): Promise<FixtureImageResult> {
  const architecture = image.architecture ?? (process.arch === 'x64' ? 'amd64' : process.arch);
  const layers: Descriptor[] = [];
  const diffIds: Digest[] = [];
  for (const { entries, compression = 'gzip' } of image.layers) {
    const tar = makeTar(entries);
    const suffix = compression === 'none' ? '' : `+${compression}`;
    diffIds.push(sha256Of(tar));
    layers.push(await writeBlob(layout, compress(tar, compression), `application/vnd.oci.image.layer.v1.tar${suffix}`));
  }
  const config = {
    created: '2023-11-14T22:13:20Z',
    architecture,
    os: 'linux',
    config: image.config ?? {},
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: diffIds.map((_, index) => ({ created: '2023-11-14T22:13:20Z', created_by: `layer ${index}` })),
  };
  const configBlob = await writeBlob(layout, Buffer.from(JSON.stringify(config)), 'application/vnd.oci.image.config.v1+json');
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = { schemaVersion: 2, mediaType, config: configBlob, layers };
  const descriptor = await writeBlob(layout, Buffer.from(JSON.stringify(manifest)), mediaType);
  return { manifest: { ...descriptor, platform: { os: 'linux', architecture } }, config: configBlob, layers, diffIds };
}

/** An OCI image layout (`oci-layout`, `index.json`, `blobs`) in the folder, which is made when missing. */
export async function writeImageLayout(layout: string, images: readonly FixtureImage[]): Promise<readonly FixtureImageResult[]> {
  await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
  const results: FixtureImageResult[] = [];
  for (const image of images) results.push(await writeImage(layout, image));
  const manifests = results.map(({ manifest }, index) => {
    const tag = images[index]?.tag;
    return tag === undefined ? manifest : { ...manifest, annotations: { 'org.opencontainers.image.ref.name': tag } };
  });
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  return results;
}

const applets = `sh ash cat echo ls sleep true false env id ps kill mount stat touch rm mkdir mv cp ln head tail grep sed awk wc sort seq yes dd
  date hostname pwd stty tty test printf chmod chown readlink ip nc wget httpd tee tr uname which whoami xargs find df du free top tar`;

/** A root file system that runs: this machine's static busybox (package busybox-static) and links to it. */
export async function busyboxEntries(): Promise<readonly FixtureEntry[]> {
  const content = await readFile('/bin/busybox');
  return [
    { path: 'bin/' },
    { path: 'bin/busybox', content, mode: 0o755 },
    ...applets.split(/\s+/).map((name): FixtureEntry => ({ path: `bin/${name}`, type: 'symlink', linkPath: 'busybox', mode: 0o777 })),
    { path: 'etc/' },
    { path: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n' },
    { path: 'etc/group', content: 'root:x:0:\nuser:x:1000:\nextra:x:2000:user\n' },
    { path: 'home/' },
    { path: 'home/user/', uid: 1000, gid: 1000 },
    { path: 'root/', mode: 0o700 },
    { path: 'tmp/', mode: 0o1777 },
    ...['dev/', 'proc/', 'sys/', 'usr/', 'usr/bin/', 'var/', 'var/run/'].map((path): FixtureEntry => ({ path })),
  ];
}
