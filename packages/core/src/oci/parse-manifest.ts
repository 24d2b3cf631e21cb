import { JockerError } from '../errors/jocker-error.ts';
import type { Descriptor } from './descriptor.ts';
import { asArray, asObject, asSize, asString, asStringMap, optional, parseJson } from './foreign-json.ts';
import type { ImageIndex, ImageManifest } from './manifest.ts';
import { indexMediaTypes, manifestMediaTypes, mediaTypes } from './media-types.ts';
import { parseDigest } from './parse-digest.ts';
import type { Platform } from './platform.ts';

/** Docker's and containerd's bound too. */
export const manifestBytesMax: number = 4 * 1024 * 1024;
const layersMax = 500;

/**
 * Reads the raw bytes of a manifest or index. The digest was checked on the bytes before. What the body says it is must be what
 * the descriptor said, and a document may not be both (CVE-2021-41190). Throws `invalid-argument`.
 */
export function parseManifest(bytes: Uint8Array, expectedMediaType: string): ImageManifest | ImageIndex {
  if (bytes.byteLength > manifestBytesMax)
    throw new JockerError('resource-exhausted', `the manifest has ${bytes.byteLength} bytes, more than ${manifestBytesMax}`);
  const body = asObject(parseJson(bytes, 'the manifest'), 'manifest');
  const stated = optional(body['mediaType'], 'manifest.mediaType', asString);
  const mediaType = stated ?? expectedMediaType;
  if (stated !== undefined && expectedMediaType !== '' && stated !== expectedMediaType)
    throw new JockerError('invalid-argument', `the manifest says that it is ${stated}, but it was announced as ${expectedMediaType}`);
  if (body['manifests'] !== undefined && (body['layers'] !== undefined || body['config'] !== undefined))
    throw new JockerError('invalid-argument', 'the manifest has both manifests and layers');
  if (body['schemaVersion'] !== 2) throw new JockerError('unsupported', 'the manifest is not of schema version 2');
  const annotations = optional(body['annotations'], 'manifest.annotations', asStringMap) ?? {};
  if (indexMediaTypes.includes(mediaType) || (mediaType === '' && body['manifests'] !== undefined)) {
    const manifests = asArray(body['manifests'], 'manifest.manifests').map((item, index) =>
      parseDescriptor(item, `manifest.manifests[${index}]`),
    );
    return { kind: 'index', mediaType: mediaType || mediaTypes.ociIndex, manifests, annotations };
  }
  if (!manifestMediaTypes.includes(mediaType) && mediaType !== '')
    throw new JockerError('unsupported', `${mediaType} is not an image manifest`);
  const layers = asArray(body['layers'], 'manifest.layers');
  if (layers.length > layersMax)
    throw new JockerError('resource-exhausted', `the image has ${layers.length} layers, more than ${layersMax}`);
  return {
    kind: 'manifest',
    mediaType: mediaType || mediaTypes.ociManifest,
    config: parseDescriptor(body['config'], 'manifest.config'),
    layers: layers.map((item, index) => parseDescriptor(item, `manifest.layers[${index}]`)),
    annotations,
  };
}

export function parseDescriptor(value: unknown, path: string): Descriptor {
  const body = asObject(value, path);
  const platform = optional(body['platform'], `${path}.platform`, parsePlatformObject);
  const annotations = optional(body['annotations'], `${path}.annotations`, asStringMap);
  return {
    mediaType: asString(body['mediaType'], `${path}.mediaType`),
    digest: parseDigest(body['digest']),
    size: asSize(body['size'], `${path}.size`),
    ...(platform === undefined ? {} : { platform }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function parsePlatformObject(value: unknown, path: string): Platform {
  const body = asObject(value, path);
  const variant = optional(body['variant'], `${path}.variant`, asString);
  return {
    os: asString(body['os'], `${path}.os`),
    architecture: asString(body['architecture'], `${path}.architecture`),
    ...(variant === undefined || variant === '' ? {} : { variant }),
  };
}

/** The bytes of a manifest that jocker makes itself. */
export function encodeManifest(
  manifest: Pick<ImageManifest, 'mediaType' | 'config' | 'layers'> & { readonly annotations?: ImageManifest['annotations'] },
): Buffer {
  const { mediaType, config, layers, annotations = {} } = manifest;
  return Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType, config, layers, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) }),
  );
}
