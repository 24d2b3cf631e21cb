import { createHash } from 'node:crypto';
import {
  indexMediaTypes,
  isDigest,
  isJockerError,
  JockerError,
  manifestBytesMax,
  manifestMediaTypes,
  type Descriptor,
  type Digest,
  type ImageReference,
  type ImageSource,
  type ImageSourceContext,
  type RegistryReference,
} from '@jocker/core';
import { readBody } from './http-exchange.ts';
import type { RegistrySession } from './registry-session.ts';
import type { RegistrySessions } from './registry-sessions.ts';
import { responseError } from './response-error.ts';

const accept = [...manifestMediaTypes, ...indexMediaTypes].join(', ');

/** OCI distribution: manifests and blobs of a registry, or of a mirror that has them. */
export function createRegistryImageSource(sessions: RegistrySessions): ImageSource {
  /** The first that has it; the registry's own error counts when none has. */
  async function firstOf<T>(
    reference: RegistryReference,
    context: ImageSourceContext,
    ask: (session: RegistrySession) => Promise<T>,
  ): Promise<T> {
    const all = sessions.forPull(reference, context.credentials);
    for (const [index, session] of all.entries()) {
      try {
        return await ask(session);
      } catch (error) {
        if (index === all.length - 1 || isJockerError(error, 'cancelled')) throw error;
        context.log.info('a mirror does not have the image', {
          mirror: session.base.host,
          reference: reference.text,
          error: String(error),
        });
      }
    }
    throw new JockerError('internal', `no registry serves ${reference.domain}`);
  }

  return {
    name: 'registry',
    accepts: (reference) => reference.kind === 'registry',
    async resolve(reference, context) {
      const wanted = registryReference(reference);
      return await firstOf(wanted, context, async (session) => await resolveManifest(session, wanted, context));
    },
    async fetch(reference, blob, offset, context) {
      const wanted = registryReference(reference);
      return await firstOf(wanted, context, async (session) => {
        const isManifest = isManifestType(blob.mediaType);
        const response = await session.send({
          method: 'GET',
          path: `v2/${wanted.path}/${isManifest ? 'manifests' : 'blobs'}/${blob.digest}`,
          scopes: pullScopes(wanted),
          headers: { ...(isManifest ? { accept } : {}), ...(offset > 0 ? { range: `bytes=${offset}-` } : {}) },
          signal: context.signal,
        });
        if (response.status !== (offset > 0 ? 206 : 200)) {
          if (offset > 0 && response.status === 200) {
            response.body.destroy();
            throw new JockerError('unsupported', `${wanted.domain} does not resume downloads`);
          }
          throw await responseError(response, `blob ${blob.digest} of ${wanted.text}`);
        }
        const mediaType = mediaTypeOf(response.headers['content-type']);
        // What is sent as one kind of document and read as another is how manifests get confused (CVE-2021-41190).
        if (isManifest && isManifestType(mediaType) && mediaType !== blob.mediaType) {
          response.body.destroy();
          throw new JockerError('invalid-argument', `${wanted.domain} sends ${blob.digest} as ${mediaType}, not as ${blob.mediaType}`);
        }
        return response.body;
      });
    },
  };
}

function registryReference(reference: ImageReference): RegistryReference {
  if (reference.kind === 'registry') return reference;
  throw new JockerError('invalid-argument', `${reference.text} is not the name of a registry's image`);
}

const pullScopes = ({ path }: RegistryReference): readonly string[] => [`repository:${path}:pull`];

async function resolveManifest(session: RegistrySession, reference: RegistryReference, context: ImageSourceContext): Promise<Descriptor> {
  const what = `image ${reference.text}`;
  const path = `v2/${reference.path}/manifests/${reference.digest ?? reference.tag ?? 'latest'}`;
  const request = { path, scopes: pullScopes(reference), headers: { accept }, signal: context.signal } as const;
  const head = await session.send({ method: 'HEAD', ...request });
  head.body.destroy();
  if (head.status === 200) {
    const mediaType = mediaTypeOf(head.headers['content-type']);
    const digest = head.headers['docker-content-digest'];
    const size = Number(head.headers['content-length']);
    if (isDigest(digest) && Number.isSafeInteger(size) && size > 0 && sameAlgorithm(digest, reference.digest)) {
      assertDigest(digest, reference);
      assertManifestType(mediaType, what);
      return { mediaType, digest, size };
    }
  } else if (head.status !== 404 && head.status !== 405) throw await responseError(head, what);

  // A registry without digests in its headers, or one whose refusal has its reason in a body.
  const response = await session.send({ method: 'GET', ...request });
  if (response.status !== 200) throw await responseError(response, what);
  const mediaType = mediaTypeOf(response.headers['content-type']);
  const bytes = await readBody(response.body, manifestBytesMax);
  const digest = digestOf(bytes, reference.digest);
  assertDigest(digest, reference);
  assertManifestType(mediaType, what);
  return { mediaType, digest, size: bytes.length };
}

/** A registry may announce sha256 of what was asked for by its sha512. */
const sameAlgorithm = (digest: Digest, wanted: Digest | undefined): boolean =>
  wanted === undefined || digest.slice(0, 6) === wanted.slice(0, 6);

function digestOf(bytes: Buffer, wanted: Digest | undefined): Digest {
  const algorithm = wanted?.startsWith('sha512:') === true ? 'sha512' : 'sha256';
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

function assertDigest(digest: Digest, { digest: wanted, text }: RegistryReference): void {
  if (wanted !== undefined && digest !== wanted)
    throw new JockerError('data-loss', `the registry answers ${text} with ${digest}`, { details: { expected: wanted, actual: digest } });
}

function assertManifestType(mediaType: string, what: string): void {
  if (!isManifestType(mediaType))
    throw new JockerError('unsupported', `${what} is a ${mediaType || 'document without a type'}, not an image`);
}

const isManifestType = (mediaType: string): boolean => manifestMediaTypes.includes(mediaType) || indexMediaTypes.includes(mediaType);

function mediaTypeOf(header: string | undefined): string {
  return header?.split(';')[0]?.trim().toLowerCase() ?? '';
}
