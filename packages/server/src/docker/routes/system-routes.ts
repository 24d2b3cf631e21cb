import { Readable } from 'node:stream';
import { asObject, JockerError, type EngineInfo, type EventEnvelope } from '@jocker/core';
import { clientSignal } from '../../http/client-signal.ts';
import { maxApiVersion, minApiVersion } from '../api-versions.ts';
import { beginAnswer } from '../begin-answer.ts';
import type { DockerCall, DockerRoute } from '../docker-route.ts';
import { credentialsOf } from '../parse-credentials.ts';
import { toContainerSummary } from '../translate/container-summary.ts';
import { toDockerEvents, type DockerEvent } from '../translate/event.ts';
import { matchesLabel, type Filters } from '../translate/filters.ts';
import { toVolumeUsage } from './volume-routes.ts';
import { toImageSummary } from '../translate/image-views.ts';
import { toDockerInfo } from '../translate/info.ts';
import { isBefore } from '../translate/older-versions.ts';
import { parseTimestamp } from '../translate/timestamps.ts';

const pingHeaders = {
  'api-version': maxApiVersion,
  'builder-version': '1',
  'docker-experimental': 'false',
  ostype: 'linux',
  'cache-control': 'no-cache, no-store, must-revalidate',
  pragma: 'no-cache',
  swarm: 'inactive',
};

export const systemRoutes: readonly DockerRoute[] = [
  {
    method: 'GET',
    path: '/_ping',
    summary: 'Is it there, and what does it speak.',
    support: 'yes',
    async handle({ reply }) {
      await reply.headers(pingHeaders).type('text/plain; charset=utf-8').send('OK');
      return undefined;
    },
  },
  {
    method: 'HEAD',
    path: '/_ping',
    summary: 'The same without a body.',
    support: 'yes',
    async handle({ reply }) {
      await reply.headers(pingHeaders).type('text/plain; charset=utf-8').send();
      return undefined;
    },
  },
  {
    method: 'GET',
    path: '/version',
    summary: 'Versions.',
    support: 'yes',
    handle: async ({ engine }) => toVersion(await engine.system.info()),
  },
  {
    method: 'GET',
    path: '/info',
    summary: 'What this engine and host are.',
    support: 'yes',
    handle: async ({ engine, version }) => toDockerInfo(await engine.system.info(), version),
  },
  {
    method: 'GET',
    path: '/events',
    summary: 'Events; `since`, `until`, filters. Kept on disk, not only the newest 256.',
    support: 'yes',
    handle: sendEvents,
  },
  { method: 'GET', path: '/system/df', summary: 'Disk usage of images and containers.', support: 'yes', handle: diskUsage },
  {
    method: 'POST',
    path: '/auth',
    summary: 'Try credentials at a registry.',
    support: 'yes',
    async handle({ engine, body, options }) {
      const credentials = credentialsOf(asObject(body, 'body'));
      if (credentials === undefined) throw new JockerError('invalid-argument', 'a user name or a token is needed');
      const { status, identityToken } = await engine.system.authenticate(credentials, options);
      return { Status: status, IdentityToken: identityToken };
    },
  },
];

function toVersion(info: EngineInfo): object {
  const details = {
    ApiVersion: maxApiVersion,
    Arch: goArchitecture(info),
    BuildTime: info.startedAt,
    Experimental: 'false',
    GitCommit: '',
    GoVersion: '',
    KernelVersion: info.host.kernelRelease,
    MinAPIVersion: minApiVersion,
    Os: 'linux',
  };
  return {
    Platform: { Name: 'jocker' },
    Components: [
      { Name: 'Engine', Version: info.version, Details: details },
      ...info.runtimes
        .filter(({ usable }) => usable)
        .map(({ name, detail }) => ({ Name: name, Version: detail, Details: { GitCommit: '' } })),
    ],
    Version: info.version,
    ApiVersion: maxApiVersion,
    MinAPIVersion: minApiVersion,
    GitCommit: '',
    GoVersion: '',
    Os: 'linux',
    Arch: goArchitecture(info),
    KernelVersion: info.host.kernelRelease,
    BuildTime: info.startedAt,
  };
}

const goArchitecture = ({ host }: EngineInfo): string =>
  ({ x86_64: 'amd64', x64: 'amd64', aarch64: 'arm64' })[host.architecture] ?? host.architecture;

const eventFilterNames = [
  'config',
  'container',
  'daemon',
  'event',
  'image',
  'label',
  'network',
  'node',
  'plugin',
  'scope',
  'secret',
  'service',
  'type',
  'volume',
];

async function sendEvents({ engine, query, reply }: DockerCall): Promise<undefined> {
  const filters = query.filters(eventFilterNames);
  const since = parseTimestamp(query.text('since'), 'since');
  const until = parseTimestamp(query.text('until'), 'until');
  const signal = clientSignal(reply);
  const lines = Readable.from(eventLines(engine.events, { since, until, filters, signal }), { objectMode: false });
  reply.raw.on('close', () => lines.destroy());
  // Clients wait for the head before they do what they want to see.
  lines.on('error', () => reply.raw.destroy()).pipe(beginAnswer(reply, 'application/json'));
  return undefined;
}

interface EventRange {
  readonly since: Date | undefined;
  readonly until: Date | undefined;
  readonly filters: Filters;
  readonly signal: AbortSignal;
}

async function* eventLines(events: DockerCall['engine']['events'], { since, until, filters, signal }: EventRange): AsyncGenerator<string> {
  const linesOf = (envelope: EventEnvelope): string =>
    toDockerEvents(envelope)
      .filter((event) => suits(event, filters))
      .map((event) => `${JSON.stringify(event)}\n`)
      .join('');
  // The number is taken first: what happens while the past is read is followed, what is read twice is dropped.
  let last = events.lastSeq;
  if (since !== undefined) {
    for (const envelope of await events.range({ from: since, ...(until === undefined ? {} : { to: until }) })) {
      yield linesOf(envelope);
      last = Math.max(last, envelope.seq);
    }
  }
  const remainingMs = until === undefined ? undefined : until.getTime() - Date.now();
  if (remainingMs !== undefined && remainingMs <= 0) return;
  const end = new AbortController();
  const timer = remainingMs === undefined ? undefined : setTimeout(() => end.abort(), Math.min(remainingMs, 2 ** 31 - 1));
  try {
    for await (const envelope of events.follow({ since: last, signal: AbortSignal.any([signal, end.signal]) })) yield linesOf(envelope);
  } finally {
    clearTimeout(timer);
  }
}

function suits(event: DockerEvent, filters: Filters): boolean {
  const { ID, Attributes } = event.Actor;
  const named = (value: string): boolean => ID === value || ID.startsWith(value) || Attributes['name'] === value;
  return (
    filters.any('type', (value) => event.Type === value) &&
    filters.any('event', (value) => event.Action === value || event.Action.startsWith(`${value}:`)) &&
    filters.any('container', (value) => event.Type === 'container' && named(value)) &&
    filters.any('image', (value) =>
      event.Type === 'image' ? named(value) : Attributes['image'] === value || Attributes['image'] === `${value}:latest`,
    ) &&
    filters.all('label', (value) => matchesLabel(Attributes, value)) &&
    filters.any('network', (value) => event.Type === 'network' && named(value)) &&
    filters.any('volume', (value) => event.Type === 'volume' && named(value)) &&
    filters.any('scope', (value) => value === event.scope) &&
    !['config', 'daemon', 'node', 'plugin', 'secret', 'service'].some((name) => filters.has(name))
  );
}

async function diskUsage({ engine, query, version }: DockerCall): Promise<object> {
  const types = query.texts('type');
  const wants = (type: string): boolean => types.length === 0 || types.includes(type);
  const { layersBytes, images, containers, volumes } = await engine.system.diskUsage();
  return {
    LayersSize: layersBytes,
    ...(isBefore(version, 42) ? { BuilderSize: 0 } : {}),
    ...(wants('image')
      ? { Images: images.map((image) => ({ ...toImageSummary(image, version, image.containers), SharedSize: image.sharedBytes })) }
      : {}),
    ...(wants('container') ? { Containers: containers.map((container) => toContainerSummary(container, container)) } : {}),
    ...(wants('volume') ? { Volumes: volumes.map(toVolumeUsage) } : {}),
    ...(wants('build-cache') ? { BuildCache: [] } : {}),
  };
}
