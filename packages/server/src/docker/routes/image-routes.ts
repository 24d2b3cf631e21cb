import { Readable } from 'node:stream';
import { asObject, familiarReference, JockerError, parseRunConfig, parseReference, type ImageView } from '@jocker/core';
import { clientSignal } from '../../http/client-signal.ts';
import type { DockerCall, DockerRoute } from '../docker-route.ts';
import { parseCredentials } from '../parse-credentials.ts';
import { answerWithStream } from '../progress-stream.ts';
import { pullEnd, pullReporter, pushReporter } from '../pull-messages.ts';
import { matchesLabel } from '../translate/filters.ts';
import { imageFilterNames, selectImages, toImageHistory, toImageInspect, toImageSummary } from '../translate/image-views.ts';
import { parseTimestamp } from '../translate/timestamps.ts';

const name = (call: DockerCall): string => call.params['name'] ?? '';

export const imageRoutes: readonly DockerRoute[] = [
  {
    method: 'GET',
    path: '/images/json',
    summary: 'List; all filters.',
    support: 'yes',
    async handle({ engine, query, version }) {
      return selectImages(await engine.images.list(), query.filters(imageFilterNames)).map((image) => toImageSummary(image, version));
    },
  },
  {
    method: 'POST',
    path: '/images/create',
    summary: 'Pull (`fromImage`), with progress per layer; without a tag, `latest`. Import (`fromSrc=-`).',
    support: 'yes',
    handle: createImage,
  },
  {
    method: 'GET',
    path: '/images/{name*}/json',
    summary: 'Inspect.',
    support: 'yes',
    handle: async (call) => toImageInspect(await call.engine.images.inspect(name(call)), call.version),
  },
  {
    method: 'GET',
    path: '/images/{name*}/history',
    summary: 'History.',
    support: 'yes',
    handle: async (call) => (await call.engine.images.history(name(call))).map(toImageHistory),
  },
  {
    method: 'POST',
    path: '/images/{name*}/tag',
    summary: 'Tag.',
    support: 'yes',
    async handle(call) {
      const repository = call.query.text('repo');
      if (repository === undefined) throw new JockerError('invalid-argument', 'repo is needed');
      const tag = call.query.text('tag');
      await call.engine.images.tag(name(call), tag === undefined ? repository : `${repository}:${tag}`);
      await call.reply.code(201).send();
      return undefined;
    },
  },
  {
    method: 'POST',
    path: '/images/{name*}/push',
    summary: 'Push; blobs that the registry has are not sent.',
    support: 'yes',
    handle: pushImage,
  },
  {
    method: 'DELETE',
    path: '/images/{name*}',
    summary: 'Untag, then delete. An image in use is a conflict; forced, it only loses its names.',
    support: 'yes',
    async handle(call) {
      const { untagged, deleted } = await call.engine.images.remove(name(call), {
        force: call.query.flag('force'),
        prune: !call.query.flag('noprune'),
      });
      return [...untagged.map((reference) => ({ Untagged: familiarReference(reference) })), ...deleted.map((id) => ({ Deleted: id }))];
    },
  },
  {
    method: 'POST',
    path: '/images/prune',
    summary: 'Remove unused ones; filters `dangling`, `until`, `label`.',
    support: 'yes',
    async handle({ engine, query }) {
      const filters = query.filters(['dangling', 'until', 'label', 'label!']);
      const until = parseTimestamp(filters.get('until')[0], 'until');
      const filter = (image: ImageView): boolean =>
        (until === undefined || Date.parse(image.created) < until.getTime()) &&
        filters.all('label', (value) => matchesLabel(image.labels, value)) &&
        filters.all('label!', (value) => !matchesLabel(image.labels, value));
      const { untagged, deleted, reclaimedBytes } = await engine.images.prune({ danglingOnly: filters.flag('dangling') ?? true, filter });
      const entries = [
        ...untagged.map((reference) => ({ Untagged: familiarReference(reference) })),
        ...deleted.map((id) => ({ Deleted: id })),
      ];
      return { ImagesDeleted: entries.length === 0 ? null : entries, SpaceReclaimed: reclaimedBytes };
    },
  },
  {
    method: 'GET',
    path: '/images/get',
    summary: 'Save several.',
    support: 'yes',
    handle: async (call) =>
      await sendArchive(
        call,
        call.query.texts('names').flatMap((text) => text.split(',')),
      ),
  },
  {
    method: 'GET',
    path: '/images/{name*}/get',
    summary: 'Save one.',
    support: 'yes',
    handle: async (call) => await sendArchive(call, [name(call)]),
  },
  { method: 'POST', path: '/images/load', summary: 'Load archives of docker save and OCI archives.', support: 'yes', handle: loadImages },
  { method: 'POST', path: '/commit', summary: 'Commit a container, with `changes`.', support: 'yes', handle: commit },
];

async function createImage(call: DockerCall): Promise<undefined> {
  const { engine, query, request, reply, options } = call;
  const image = query.text('fromImage');
  const tag = query.text('tag');
  if (image === undefined) return await importImage(call);
  const parsed = parseReference(tag === undefined ? image : tag.includes(':') ? `${image}@${tag}` : `${image}:${tag}`);
  // The CLI makes `docker.io/library/host` with the tag `busybox` of `host:busybox`; what the user wrote decides on the source.
  const reference = familiarReference(parsed.text);
  const credentials = parseCredentials(request.headers['x-registry-auth'], parsed?.kind === 'registry' ? parsed.domain : undefined);
  const platform = query.text('platform');
  const signal = clientSignal(reply);
  return await answerWithStream(reply, async (stream) => {
    const result = await engine.images.pull(reference, {
      ...options,
      signal,
      ...(credentials === undefined ? {} : { credentials }),
      ...(platform === undefined ? {} : { platform }),
      onProgress: firstSaying(
        () => stream.send({ status: `Pulling from ${parsed?.kind === 'registry' ? parsed.path : reference}`, id: tag ?? 'latest' }),
        pullReporter(stream),
      ),
    });
    pullEnd(stream, result);
  });
}

function firstSaying<T>(say: () => void, then: (value: T) => void): (value: T) => void {
  let said = false;
  return (value) => {
    if (!said) say();
    said = true;
    then(value);
  };
}

async function importImage({ engine, query, body, reply, options }: DockerCall): Promise<undefined> {
  if (query.text('fromSrc') !== '-') throw new JockerError('unsupported', 'images are imported from the body only (fromSrc=-)');
  const repository = query.text('repo');
  const tag = query.text('tag');
  const message = query.text('message');
  const platform = query.text('platform');
  return await answerWithStream(reply, async (stream) => {
    const { imageId } = await engine.images.import(asStream(body), {
      ...options,
      changes: query.texts('changes'),
      ...(repository === undefined ? {} : { reference: tag === undefined ? repository : `${repository}:${tag}` }),
      ...(message === undefined ? {} : { message }),
      ...(platform === undefined ? {} : { platform }),
    });
    stream.send({ status: imageId });
  });
}

async function pushImage(call: DockerCall): Promise<undefined> {
  const tag = call.query.text('tag');
  const text = tag === undefined ? name(call) : `${name(call)}:${tag}`;
  const reference = parseReference(text);
  if (reference.kind !== 'registry') throw new JockerError('invalid-argument', `${text} names no registry`);
  const credentials = parseCredentials(call.request.headers['x-registry-auth'], reference.domain);
  await call.engine.images.inspect(reference.text);
  return await answerWithStream(call.reply, async (stream) => {
    stream.send({ status: `The push refers to repository [${reference.domain}/${reference.path}]` });
    const { manifest, sizeBytes } = await call.engine.images.push(reference.text, {
      ...call.options,
      signal: clientSignal(call.reply),
      ...(credentials === undefined ? {} : { credentials }),
      onProgress: pushReporter(stream),
    });
    const pushedTag = reference.tag ?? 'latest';
    stream.send({ status: `${pushedTag}: digest: ${manifest} size: ${sizeBytes}` });
    stream.send({ progressDetail: {}, aux: { Tag: pushedTag, Digest: manifest, Size: sizeBytes } });
  });
}

async function sendArchive(call: DockerCall, names: readonly string[]): Promise<undefined> {
  if (names.length === 0) throw new JockerError('invalid-argument', 'no image was named');
  const archive = await call.engine.images.save(names, { ...call.options, signal: clientSignal(call.reply) });
  call.reply.raw.on('close', () => archive.destroy());
  await call.reply.header('content-type', 'application/x-tar').send(archive);
  return undefined;
}

async function loadImages({ engine, body, reply, options }: DockerCall): Promise<undefined> {
  return await answerWithStream(reply, async (stream) => {
    const loaded = await engine.images.load(asStream(body), options);
    for (const { imageId, references } of loaded) {
      for (const reference of references) stream.send({ stream: `Loaded image: ${familiarReference(reference)}\n` });
      if (references.length === 0) stream.send({ stream: `Loaded image ID: ${imageId}\n` });
    }
  });
}

async function commit({ engine, query, body, reply, options }: DockerCall): Promise<unknown> {
  const container = query.text('container');
  if (container === undefined) throw new JockerError('invalid-argument', 'container is needed');
  const repository = query.text('repo');
  const tag = query.text('tag');
  const [author, message] = [query.text('author'), query.text('comment')];
  const config = body === undefined || body === null ? undefined : parseRunConfig(asObject(body, 'body'), 'body');
  const { imageId } = await engine.containers.commit(container, {
    ...options,
    pause: query.flag('pause', true),
    changes: query.texts('changes').flatMap((text) => text.split('\n')),
    ...(repository === undefined ? {} : { reference: tag === undefined ? repository : `${repository}:${tag}` }),
    ...(author === undefined ? {} : { author }),
    ...(message === undefined ? {} : { message }),
    ...(config === undefined || Object.keys(config).length === 0 ? {} : { config }),
  });
  reply.code(201);
  return { Id: imageId };
}

function asStream(body: unknown): Readable {
  if (body instanceof Readable) return body;
  throw new JockerError('invalid-argument', 'the body must be an archive');
}
