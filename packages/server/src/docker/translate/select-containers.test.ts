import { describe, expect, test } from 'vitest';
import type { ContainerView } from '@jocker/core';
import { parseFilters } from './filters.ts';
import { containerFilterNames, selectContainers, type ListOptions } from './select-containers.ts';

const container = (name: string, minute: number, more: Partial<ContainerView> = {}): ContainerView => ({
  id: `${name}${'0'.repeat(64 - name.length)}`,
  name,
  image: 'docker.io/library/alpine:3',
  imageId: 'sha256:a',
  command: ['sh'],
  status: 'exited',
  exitCode: 0,
  oomKilled: false,
  health: null,
  error: '',
  pid: 0,
  createdAt: `2024-01-01T00:0${minute}:00Z`,
  startedAt: null,
  finishedAt: null,
  labels: {},
  tty: false,
  openStdin: false,
  runtime: 'crun',
  snapshotter: 'overlay',
  network: 'none',
  networks: [],
  endpoints: [],
  exposedPorts: [],
  mounts: [],
  autoRemove: false,
  origin: null,
  ...more,
});

const containers = [
  container('one', 1, { exitCode: 3, labels: { a: '1' } }),
  container('two', 2, { status: 'running', exitCode: null, image: 'docker.io/library/other:1', imageId: 'sha256:b' }),
  container('three', 3, { status: 'paused', network: 'host', labels: { a: '2', b: '' } }),
  container('four', 4, { status: 'created', exitCode: null }),
];

const names = (filters: object = {}, more: Partial<ListOptions> = {}): readonly string[] =>
  selectContainers(containers, {
    all: false,
    limit: undefined,
    before: undefined,
    since: undefined,
    ancestors: [],
    filters: parseFilters(JSON.stringify(filters), containerFilterNames),
    ...more,
  }).map(({ name }) => name);
const all = (filters: object, more: Partial<ListOptions> = {}): readonly string[] => names(filters, { all: true, ...more });

describe('a list', () => {
  test('shows what runs, newest first', () => expect(names()).toEqual(['three', 'two']));
  test('of all shows all', () => expect(all({})).toEqual(['four', 'three', 'two', 'one']));
  test('with a limit shows the newest of all', () => expect(names({}, { limit: 1 })).toEqual(['four']));
  test('by status shows what does not run too', () => expect(names({ status: ['created', 'exited'] })).toEqual(['four', 'one']));
  test('by exit code shows only what is asked for', () =>
    expect([names({ exited: ['3'] }), all({ exited: ['3'] })]).toEqual([[], ['one']]));
  test('by label', () => expect([all({ label: ['a'] }), all({ label: ['a=2', 'b'] })]).toEqual([['three', 'one'], ['three']]));
  test('by name, as a pattern and with its slash', () =>
    expect([all({ name: ['t..'] }), all({ name: ['^/one$'] })]).toEqual([['three', 'two'], ['one']]));
  test('by a name that is no pattern', () => expect(all({ name: ['o('] })).toEqual([]));
  test('by id', () => expect(all({ id: ['four0'] })).toEqual(['four']));
  test('by network', () => expect(all({ network: ['host'] })).toEqual(['three']));
  test('by image, by name or by id', () =>
    expect([all({ ancestor: ['other:1'] }), all({ ancestor: ['x'] }, { ancestors: ['sha256:b'] })]).toEqual([['two'], ['two']]));
  test('before and since one', () =>
    expect([all({ before: ['three'] }), all({ since: ['two'] })]).toEqual([
      ['two', 'one'],
      ['four', 'three'],
    ]));
  test('of what is healthy is empty', () => expect(all({ health: ['healthy'] })).toEqual([]));
});

test.each([
  [{ status: ['happy'] }, 'invalid-argument'],
  [{ exited: ['many'] }, 'invalid-argument'],
  [{ 'is-task': ['perhaps'] }, 'invalid-argument'],
  [{ before: ['nobody'] }, 'not-found'],
])('%j is refused', (filters, code) => {
  expect(() => all(filters)).toThrow(expect.objectContaining({ code }));
});
