import {
  JockerError,
  repositoryOf,
  type Descriptor,
  type Digest,
  type ImageDestination,
  type PushContext,
  type PushProgress,
  type PushedImage,
  type RegistryReference,
} from '@jocker/core';
import type { RegistrySession } from './registry-session.ts';
import type { RegistrySessions } from './registry-sessions.ts';
import { responseError } from './response-error.ts';

const reportEveryMs = 100;

/** OCI distribution, the sending half. */
export function createRegistryImageDestination(sessions: RegistrySessions): ImageDestination {
  /** By repository and digest: who pushes the same blob at the same time waits for the one that sends it. */
  const sending = new Map<string, Promise<void>>();

  return {
    name: 'registry',
    accepts: (reference) => reference.kind === 'registry' && reference.digest === undefined,
    async push(image, context) {
      if (image.reference.kind !== 'registry') throw new JockerError('invalid-argument', `${image.reference.text} names no registry`);
      const { reference } = image;
      const session = sessions.forPush(reference.domain, context.credentials);
      const blobs = [...new Map([...image.layers, image.config].map((blob) => [blob.digest, blob])).values()];
      const progress = createProgress(blobs, context.onProgress);
      for (const blob of blobs) {
        const key = `${session.base.href}${reference.path} ${blob.digest}`;
        const running = sending.get(key);
        if (running !== undefined) {
          await running;
          progress(blob.digest, { state: 'exists' });
          continue;
        }
        const work = sendBlob(session, reference, image, blob, context, (change) => progress(blob.digest, change));
        sending.set(key, work);
        try {
          await work;
        } finally {
          sending.delete(key);
        }
      }
      await sendManifest(session, reference, image, context);
    },
    async authenticate(credentials, { signal }) {
      const session = sessions.forPush(credentials.host === 'index.docker.io' ? 'docker.io' : credentials.host, credentials);
      const response = await session.send({ method: 'GET', path: 'v2/', scopes: [], signal });
      response.body.resume();
      if (response.status !== 200) throw await responseError(response, `login at ${credentials.host}`);
      return { status: 'Login Succeeded', identityToken: '' };
    },
  };
}

type Change = Partial<Omit<PushProgress, 'digest'>>;

function createProgress(blobs: readonly Descriptor[], report: PushContext['onProgress']): (digest: Digest, change: Change) => void {
  const states = new Map<Digest, PushProgress>(
    blobs.map(({ digest, size }) => [digest, { digest, state: 'waiting', bytesDone: 0, bytesTotal: size }]),
  );
  let toldAt = 0;
  report([...states.values()]);
  return (digest, change) => {
    const before = states.get(digest);
    if (before === undefined) return;
    states.set(digest, { ...before, ...change });
    const now = performance.now();
    if ((change.state === undefined || change.state === before.state) && now - toldAt < reportEveryMs) return;
    toldAt = now;
    report([...states.values()]);
  };
}

async function sendBlob(
  session: RegistrySession,
  reference: RegistryReference,
  image: PushedImage,
  blob: Descriptor,
  { signal }: PushContext,
  progress: (change: Change) => void,
): Promise<void> {
  const what = `blob ${blob.digest} of ${reference.text}`;
  const scopes = [`repository:${reference.path}:pull,push`];
  const there = await session.send({ method: 'HEAD', path: `v2/${reference.path}/blobs/${blob.digest}`, scopes, signal });
  there.body.destroy();
  if (there.status === 200) return progress({ state: 'exists', bytesDone: blob.size });

  // A repository of the same registry that has the blob lends it.
  const lender = image.knownRepositories
    .find((each) => each.startsWith(`${reference.domain}/`) && each !== repositoryOf(reference))
    ?.slice(reference.domain.length + 1);
  const mount = lender === undefined ? '' : `?mount=${encodeURIComponent(blob.digest)}&from=${encodeURIComponent(lender)}`;
  const mountScopes = lender === undefined ? scopes : [...scopes, `repository:${lender}:pull`];
  const begun = await session.send({
    method: 'POST',
    path: `v2/${reference.path}/blobs/uploads/${mount}`,
    scopes: mountScopes,
    headers: { 'content-length': 0 },
    signal,
  });
  if (begun.status === 201 && lender !== undefined) {
    begun.body.destroy();
    return progress({ state: 'mounted', mountedFrom: lender, bytesDone: blob.size });
  }
  if (begun.status !== 202) throw await responseError(begun, what);
  begun.body.destroy();
  const { location } = begun.headers;
  if (location === undefined) throw new JockerError('unavailable', `${reference.domain} does not say where ${what} goes`);
  const target = new URL(location, begun.url);
  target.searchParams.set('digest', blob.digest);

  progress({ state: 'uploading' });
  const stream = await image.read(blob);
  let bytesDone = 0;
  stream.on('data', (chunk: Buffer) => {
    bytesDone += chunk.length;
    progress({ bytesDone });
  });
  stream.pause();
  const sent = await session.send({
    method: 'PUT',
    path: target,
    scopes: mountScopes,
    headers: { 'content-type': 'application/octet-stream', 'content-length': blob.size },
    body: stream,
    signal,
  });
  if (sent.status !== 201) throw await responseError(sent, what);
  sent.body.destroy();
  progress({ state: 'done', bytesDone: blob.size });
}

async function sendManifest(
  session: RegistrySession,
  reference: RegistryReference,
  image: PushedImage,
  { signal }: PushContext,
): Promise<void> {
  const stream = await image.read(image.manifest);
  const body = Buffer.concat(await stream.toArray());
  const response = await session.send({
    method: 'PUT',
    path: `v2/${reference.path}/manifests/${reference.tag ?? 'latest'}`,
    scopes: [`repository:${reference.path}:pull,push`],
    headers: { 'content-type': image.manifest.mediaType, 'content-length': body.length },
    body,
    signal,
  });
  if (response.status !== 201 && response.status !== 202) throw await responseError(response, `image ${reference.text}`);
  response.body.destroy();
}
