import { describe, expect, test } from 'vitest';
import { mediaTypes } from './media-types.ts';
import { encodeManifest, parseManifest } from './parse-manifest.ts';

const digest = `sha256:${'b'.repeat(64)}` as const;
const config = { mediaType: mediaTypes.ociConfig, digest, size: 10 };
const layer = { mediaType: mediaTypes.ociLayerGzip, digest, size: 20 };
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('a manifest', () => {
  test('that jocker writes is read as it was', () => {
    const manifest = { mediaType: mediaTypes.ociManifest, config, layers: [layer], annotations: { a: 'b' } };
    expect(parseManifest(encodeManifest(manifest), mediaTypes.ociManifest)).toEqual({ kind: 'manifest', ...manifest });
  });

  test('list of Docker is an index', () => {
    const list = {
      schemaVersion: 2,
      mediaType: mediaTypes.dockerManifestList,
      manifests: [{ ...layer, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } }],
    };
    expect(parseManifest(bytes(list), mediaTypes.dockerManifestList)).toMatchObject({
      kind: 'index',
      manifests: [{ platform: { architecture: 'arm64', variant: 'v8' } }],
    });
  });

  test.each([
    ['is not JSON', Buffer.from('{'), 'invalid-argument'],
    ['is another type than was announced', bytes({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] }), 'invalid-argument'],
    ['is both an index and an image', bytes({ schemaVersion: 2, manifests: [], layers: [], config }), 'invalid-argument'],
    ['is of schema 1', bytes({ schemaVersion: 1, config, layers: [] }), 'unsupported'],
    [
      'names a layer by something that is not a digest',
      bytes({ schemaVersion: 2, config, layers: [{ ...layer, digest: '../../x' }] }),
      'invalid-argument',
    ],
    ['gives a size below zero', bytes({ schemaVersion: 2, config, layers: [{ ...layer, size: -1 }] }), 'invalid-argument'],
    ['has more than 4 MiB', Buffer.alloc(4 * 1024 * 1024 + 1, 32), 'resource-exhausted'],
    ['has 501 layers', bytes({ schemaVersion: 2, config, layers: Array.from({ length: 501 }, () => layer) }), 'resource-exhausted'],
    ['lacks its config', bytes({ schemaVersion: 2, layers: [] }), 'invalid-argument'],
    ['is null', bytes(null), 'invalid-argument'],
  ])('that %s is refused', (_what, raw, code) => {
    expect(() => parseManifest(raw, mediaTypes.ociManifest)).toThrow(expect.objectContaining({ code }));
  });
});
