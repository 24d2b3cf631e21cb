import { setTimeout as sleep } from 'node:timers/promises';
import {
  isDigest,
  isJockerError,
  JockerError,
  limitConcurrency,
  repositoryOf,
  type Descriptor,
  type Digest,
  type ImageDestination,
  type PushContext,
  type PushProgress,
  type PushedImage,
  type RegistryReference,
} from '@jocker/core';
import { registryDomain } from './registry-options.ts';
import type { RegistrySession } from './registry-session.ts';
import type { RegistrySessions } from './registry-sessions.ts';
import { responseError } from './response-error.ts';

const reportEveryMs = 100;
const blobsAtOnce = 3;
const attemptsMax = 4;
const firstPauseMs = 200;

/** OCI distribution, the sending half. */
export function createRegistryImageDestination(sessions: RegistrySessions): ImageDestination {
  /** By repository and digest: who pushes the same blob at the same time waits for the one that sends it. */
  const sending = new Map<string, Promise<void>>();

  /** When another's attempt has failed, this one is made all the same: it may have had no right to. */
  async function inTurn(key: string, signal: AbortSignal, send: () => Promise<void>): Promise<void> {
    for (let other = sending.get(key); other !== undefined; other = sending.get(key)) await ended(other, signal);
    const work = send();
    sending.set(key, work);
    try {
      await work;
    } finally {
      sending.delete(key);
    }
  }

  return {
    name: 'registry',
    accepts: (reference) => reference.kind === 'registry' && reference.digest === undefined,
    async push(image, context) {
      if (image.reference.kind !== 'registry') throw new JockerError('invalid-argument', `${image.reference.text} names no registry`);
      const { reference } = image;
      const session = sessions.forPush(reference.domain, context.credentials);
      const blobs = [...new Map([...image.layers, image.config].map((blob) => [blob.digest, blob])).values()];
      const progress = createProgress(blobs, context.onProgress);
      const limited = limitConcurrency(blobsAtOnce);
      // The first failure stops the others.
      const stop = new AbortController();
      const signal = AbortSignal.any([context.signal, stop.signal]);
      const send = async (blob: Descriptor): Promise<void> => {
        const key = `${session.base.href}${reference.path} ${blob.digest}`;
        await inTurn(key, signal, async () => {
          const tell = (change: Change): void => progress(blob.digest, change);
          await retried(signal, async () => await sendBlob(session, reference, image, blob, { ...context, signal }, tell));
        });
      };
      const results = await Promise.allSettled(
        blobs.map(async (blob) => {
          try {
            await limited(async () => await send(blob));
          } catch (error) {
            stop.abort(error);
            throw error;
          }
        }),
      );
      if (results.some(({ status }) => status === 'rejected')) throw stop.signal.reason;
      await retried(context.signal, async () => await sendManifest(session, reference, image, context));
    },
    async authenticate(credentials, { signal }) {
      const session = sessions.forPush(registryDomain(credentials.host), credentials);
      const response = await session.send({ method: 'GET', path: 'v2/', scopes: [], signal });
      response.body.resume();
      if (response.status !== 200) throw await responseError(response, `login at ${credentials.host}`);
      return { status: 'Login Succeeded', identityToken: '' };
    },
  };
}

/** However it ended; or as soon as the signal fires. */
async function ended(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const abort = (): void => resolve();
  signal.addEventListener('abort', abort, { once: true });
  work.then(resolve, () => resolve());
  await promise;
  signal.removeEventListener('abort', abort);
  signal.throwIfAborted();
}

async function retried(signal: AbortSignal, attempt: () => Promise<void>): Promise<void> {
  for (let count = 1; ; count++) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (count >= attemptsMax || !isJockerError(error, 'unavailable')) throw error;
      await sleep(firstPauseMs * 2 ** (count - 1), undefined, { signal });
    }
  }
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

  progress({ state: 'uploading', bytesDone: 0 });
  const stream = await image.read(blob);
  let bytesDone = 0;
  stream.on('data', (chunk: Buffer) => {
    bytesDone += chunk.length;
    progress({ bytesDone });
  });
  stream.pause();
  const sent = await session
    .send({
      method: 'PUT',
      path: target,
      scopes: mountScopes,
      headers: { 'content-type': 'application/octet-stream', 'content-length': blob.size },
      body: stream,
      signal,
    })
    .finally(() => stream.destroy());
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
  const stored = response.headers['docker-content-digest'];
  if (isDigest(stored) && stored.startsWith('sha256:') && stored !== image.manifest.digest)
    throw new JockerError('data-loss', `${reference.domain} has stored ${stored} as ${reference.text}, not ${image.manifest.digest}`);
}
