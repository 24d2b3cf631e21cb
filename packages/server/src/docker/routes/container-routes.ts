import { asObject, JockerError, reasonOf, type ContainerView } from '@jocker/core';
import { clientSignal } from '../../http/client-signal.ts';
import { beginAnswer } from '../begin-answer.ts';
import type { DockerCall, DockerRoute } from '../docker-route.ts';
import { parseCredentials } from '../parse-credentials.ts';
import { toContainerInspect } from '../translate/container-inspect.ts';
import { toContainerSummary } from '../translate/container-summary.ts';
import { translateCreate } from '../translate/create-request.ts';
import { createFieldReader } from '../translate/field-reader.ts';
import { matchesLabel } from '../translate/filters.ts';
import { parseRestartPolicy } from '../translate/host-config.ts';
import { parseResources } from '../translate/resources.ts';
import { containerFilterNames, selectContainers } from '../translate/select-containers.ts';
import { parseTimestamp } from '../translate/timestamps.ts';

const id = (call: DockerCall): string => call.params['id'] ?? '';
const noContent = async (call: DockerCall, work: Promise<unknown>): Promise<undefined> => {
  await work;
  await call.reply.code(204).send();
  return undefined;
};

export const containerRoutes: readonly DockerRoute[] = [
  {
    method: 'GET',
    path: '/containers/json',
    summary: 'List; all filters, `size`, `limit`, `before`, `since`.',
    support: 'yes',
    async handle({ engine, query }) {
      const filters = query.filters(containerFilterNames);
      const ancestors = await Promise.all(
        filters.get('ancestor').map(async (name) => {
          const image = await engine.images.inspect(name).catch(() => undefined);
          return image === undefined ? [] : [image.id];
        }),
      );
      const limit = query.number('limit');
      const selected = selectContainers(await engine.containers.list(), {
        all: query.flag('all'),
        limit: limit !== undefined && limit > 0 ? limit : undefined,
        before: query.text('before'),
        since: query.text('since'),
        filters,
        ancestors: ancestors.flat(),
      });
      if (!query.flag('size')) return selected.map((container) => toContainerSummary(container));
      return await Promise.all(
        selected.map(async (container) => toContainerSummary(container, await engine.containers.size(container.id))),
      );
    },
  },
  {
    method: 'POST',
    path: '/containers/create',
    summary: 'Create. A field that cannot be honoured is refused, or named in `Warnings`.',
    support: 'partly',
    async handle({ engine, body, query, reply, options, request }) {
      const { request: wanted, warnings } = translateCreate(body, query.text('name'), query.text('platform'));
      const credentials = parseCredentials(request.headers['x-registry-auth']);
      const created = await engine.containers.create(wanted, { ...options, ...(credentials === undefined ? {} : { credentials }) });
      reply.code(201);
      return { Id: created.id, Warnings: [...warnings, ...created.warnings] };
    },
  },
  {
    method: 'GET',
    path: '/containers/{id}/json',
    summary: 'Inspect, with `size`.',
    support: 'yes',
    async handle(call) {
      const details = await call.engine.containers.inspect(id(call));
      const size = call.query.flag('size') ? await call.engine.containers.size(details.id) : undefined;
      return toContainerInspect(details, call.version, size);
    },
  },
  {
    method: 'POST',
    path: '/containers/{id}/start',
    summary: 'Start. Checkpoints are refused.',
    support: 'yes',
    async handle(call) {
      if (call.query.text('checkpoint') !== undefined) throw new JockerError('unsupported', 'checkpoints are not supported');
      return await noContent(call, call.engine.containers.start(id(call), call.options));
    },
  },
  {
    method: 'POST',
    path: '/containers/{id}/stop',
    summary: 'Stop, with `t` and `signal`.',
    support: 'yes',
    handle: async (call) => await noContent(call, call.engine.containers.stop(id(call), { ...call.options, ...stopOptions(call) })),
  },
  {
    method: 'POST',
    path: '/containers/{id}/restart',
    summary: 'Restart, with `t` and `signal`.',
    support: 'yes',
    handle: async (call) => await noContent(call, call.engine.containers.restart(id(call), { ...call.options, ...stopOptions(call) })),
  },
  {
    method: 'POST',
    path: '/containers/{id}/kill',
    summary: 'Kill with a signal.',
    support: 'yes',
    async handle(call) {
      const signal = call.query.text('signal') ?? 'SIGKILL';
      return await noContent(call, call.engine.containers.kill(id(call), /^\d+$/.test(signal) ? Number(signal) : signal, call.options));
    },
  },
  {
    method: 'POST',
    path: '/containers/{id}/pause',
    summary: 'Pause.',
    support: 'yes',
    handle: async (call) => await noContent(call, call.engine.containers.pause(id(call), call.options)),
  },
  {
    method: 'POST',
    path: '/containers/{id}/unpause',
    summary: 'Resume.',
    support: 'yes',
    handle: async (call) => await noContent(call, call.engine.containers.unpause(id(call), call.options)),
  },
  {
    method: 'POST',
    path: '/containers/{id}/rename',
    summary: 'Rename.',
    support: 'yes',
    async handle(call) {
      const name = call.query.text('name')?.replace(/^\//, '');
      if (name === undefined) throw new JockerError('invalid-argument', 'neither old nor new names may be empty');
      return await noContent(call, call.engine.containers.rename(id(call), name));
    },
  },
  {
    method: 'POST',
    path: '/containers/{id}/update',
    summary: 'Change limits and the restart policy.',
    support: 'yes',
    async handle(call) {
      const fields = createFieldReader(asObject(call.body, 'body'), 'body');
      const resources = parseResources(fields);
      let restartPolicy: ReturnType<typeof parseRestartPolicy> | undefined;
      fields.take('RestartPolicy', parseRestartPolicy, (value) => (restartPolicy = value));
      const named = (asObject(call.body, 'body')['RestartPolicy'] as { Name?: unknown } | undefined)?.Name;
      const { warnings } = await call.engine.containers.update(id(call), {
        ...(Object.keys(resources).length === 0 ? {} : { resources }),
        // The CLI sends an empty policy when none was asked for.
        ...(restartPolicy === undefined || named === '' ? {} : { restartPolicy }),
      });
      const all = [...fields.finish(), ...warnings];
      return { Warnings: all.length === 0 ? null : all };
    },
  },
  {
    method: 'POST',
    path: '/containers/{id}/wait',
    summary: 'Wait, with `condition`. The head of the answer is sent at once.',
    support: 'yes',
    handle: waitForContainer,
  },
  {
    method: 'DELETE',
    path: '/containers/{id}',
    summary: 'Remove, with `force` and `v`. `link` is refused.',
    support: 'yes',
    async handle(call) {
      if (call.query.flag('link')) throw new JockerError('unsupported', 'links are not supported');
      const options = { ...call.options, force: call.query.flag('force'), volumes: call.query.flag('v') };
      return await noContent(call, call.engine.containers.remove(id(call), options));
    },
  },
  {
    method: 'POST',
    path: '/containers/prune',
    summary: 'Remove stopped ones; filters `until` and `label`.',
    support: 'yes',
    async handle({ engine, query }) {
      const filters = query.filters(['until', 'label', 'label!']);
      const until = parseTimestamp(filters.get('until')[0], 'until');
      const filter = (container: ContainerView): boolean =>
        (until === undefined || Date.parse(container.createdAt) < until.getTime()) &&
        filters.all('label', (value) => matchesLabel(container.labels, value)) &&
        filters.all('label!', (value) => !matchesLabel(container.labels, value));
      const { removed, reclaimedBytes } = await engine.containers.prune({ filter });
      return { ContainersDeleted: removed.length === 0 ? null : removed, SpaceReclaimed: reclaimedBytes };
    },
  },
  {
    method: 'GET',
    path: '/containers/{id}/top',
    summary: 'Processes as ps shows them, read from the host.',
    support: 'yes',
    async handle(call) {
      const { titles, processes } = await call.engine.containers.top(id(call), call.query.text('ps_args'));
      return { Titles: titles, Processes: processes };
    },
  },
  {
    method: 'GET',
    path: '/containers/{id}/changes',
    summary: 'What changed against the image.',
    support: 'yes',
    async handle(call) {
      const kinds = { modified: 0, added: 1, deleted: 2 } as const;
      const changes = await call.engine.containers.changes(id(call));
      return changes.length === 0 ? null : changes.map(({ path, kind }) => ({ Path: path, Kind: kinds[kind] }));
    },
  },
  {
    method: 'POST',
    path: '/containers/{id}/resize',
    summary: 'Size of the terminal.',
    support: 'yes',
    async handle(call) {
      const [rows, columns] = [call.query.number('h'), call.query.number('w')];
      if (rows === undefined || columns === undefined) throw new JockerError('invalid-argument', 'h and w are needed');
      await call.engine.containers.resize(id(call), { rows, columns });
      await call.reply.code(200).send();
      return undefined;
    },
  },
];

function stopOptions({ query }: DockerCall): { timeoutSeconds?: number; stopSignal?: string } {
  const timeoutSeconds = query.number('t');
  const stopSignal = query.text('signal');
  return { ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }), ...(stopSignal === undefined ? {} : { stopSignal }) };
}

/** `docker run` waits before it starts: it must know at once that it is waited for it, so the head goes first. */
async function waitForContainer(call: DockerCall): Promise<undefined> {
  const given = call.query.text('condition') ?? 'not-running';
  if (given !== 'not-running' && given !== 'next-exit' && given !== 'removed')
    throw new JockerError('invalid-argument', `invalid condition: "${given.slice(0, 40)}"`);
  // An unknown container is still a 404.
  const { id: fullId } = await call.engine.containers.inspect(id(call));
  const signal = clientSignal(call.reply);
  const waiting = call.engine.containers.wait(fullId, { condition: given, signal });
  const answer = beginAnswer(call.reply, 'application/json');
  try {
    const { exitCode } = await waiting;
    // Why a start failed is told to the client that started it; here it would be shown a second time.
    answer.end(`${JSON.stringify({ StatusCode: exitCode })}\n`);
  } catch (error) {
    if (signal.aborted) return undefined;
    // Removed while it was waited for, before it ever ran.
    const gone = reasonOf(error) === 'no-such-container';
    answer.end(
      `${JSON.stringify(gone ? { StatusCode: 0 } : { StatusCode: 125, Error: { Message: error instanceof Error ? error.message : String(error) } })}\n`,
    );
  }
  return undefined;
}
