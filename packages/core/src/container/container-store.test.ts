import { describe, expect, test } from 'vitest';
import { memoryState, recordingLogger } from '../testing/memory-state.ts';
import type { BuiltSpec } from '../spec/spec-step.ts';
import type { ContainerRecord } from './container-record.ts';
import { createContainerStore } from './container-store.ts';

const digest = `sha256:${'0'.repeat(64)}` as const;
const idOf = (prefix: string): string => prefix.padEnd(64, '0');
const record = (prefix: string, name: string): ContainerRecord => ({
  id: idOf(prefix),
  name,
  createdAt: '2026-01-01T00:00:00.000Z',
  request: { image: 'host:busybox' },
  image: 'host:busybox',
  imageId: digest,
  imageConfig: {},
  chainId: digest,
  platform: { os: 'linux', architecture: 'amd64' },
  runtime: 'fake',
  snapshotter: 'copy',
  command: ['true'],
  labels: {},
  mounts: [],
  resources: {},
  restartPolicy: { name: 'no', maximumRetryCount: 0 },
  stopSignal: 'SIGTERM',
  networks: [],
  endpoints: [],
  status: 'created',
  pid: 0,
  exitCode: null,
  oomKilled: false,
  health: null,
  error: '',
  startedAt: null,
  finishedAt: null,
  restartCount: 0,
  stoppedByUser: false,
});
const built = { spec: { ociVersion: '1.0.2' }, steps: [] } as unknown as BuiltSpec;

function setUp(state = memoryState()) {
  const log = recordingLogger();
  return { state, log, store: createContainerStore(state.database, state, log) };
}

describe('the container store', () => {
  test('finds by id, name, name with a slash and an unambiguous prefix', () => {
    const { store } = setUp();
    store.add(record('abc1', 'one'), built);
    store.add(record('abc2', 'two'), built);
    for (const reference of [idOf('abc1'), 'one', '/one', 'abc1']) expect(store.find(reference).name).toBe('one');
    expect(() => store.find('abc')).toThrow('abc is the beginning of 2 container ids');
    expect(() => store.find('three')).toThrow(
      expect.objectContaining({ code: 'not-found', details: expect.objectContaining({ reason: 'no-such-container' }) as object }) as Error,
    );
  });

  test('a name that is an id prefix of another container means the name', () => {
    const { store } = setUp();
    store.add(record('abc1', 'one'), built);
    store.add(record('def2', 'abc1'), built);
    expect(store.find('abc1').id).toBe(idOf('def2'));
  });

  test('a name is taken while it is reserved, while a record has it, and not after', () => {
    const { store } = setUp();
    const reservation = store.reserveName('web', idOf('a'));
    expect(() => store.reserveName('web', idOf('b'))).toThrow(expect.objectContaining({ code: 'already-exists' }) as Error);
    store.add(record('a', 'web'), built);
    reservation[Symbol.dispose]();
    expect(store.isNameTaken('web')).toBe(true);
    store.remove(idOf('a'));
    expect(store.isNameTaken('web')).toBe(false);
  });

  test('a reservation that became nothing is free again', () => {
    const { store } = setUp();
    store.reserveName('web', idOf('a'))[Symbol.dispose]();
    expect(store.isNameTaken('web')).toBe(false);
  });

  test('a rename frees the old name', () => {
    const { store } = setUp();
    store.add(record('a', 'old'), built);
    store.rename(idOf('a'), 'new');
    expect([store.isNameTaken('old'), store.find('new').id]).toEqual([false, idOf('a')]);
  });

  test('what a transaction wrote is neither on disk nor in memory after a rollback', () => {
    const { store, state } = setUp();
    store.add(record('a', 'web'), built);
    expect(() =>
      state.transaction(() => {
        store.change(idOf('a'), { status: 'running' });
        throw new Error('no');
      }),
    ).toThrow('no');
    expect([store.find('web').status, setUp(state).store.find('web').status]).toEqual(['created', 'created']);
  });

  test('a change of status that the table does not have is refused', () => {
    const { store } = setUp();
    store.add(record('a', 'web'), built);
    expect(() => store.change(idOf('a'), { status: 'paused' })).toThrow('container web is created and cannot become paused');
  });

  test('records and specs are the same after a restart', () => {
    const { store, state } = setUp();
    store.add(record('a', 'web'), built);
    store.change(idOf('a'), { status: 'running', pid: 7 });
    const again = setUp(state).store;
    expect(again.find('web')).toEqual({ ...record('a', 'web'), status: 'running', pid: 7 });
    expect(again.spec(idOf('a'))).toEqual(built);
  });

  test('a record that cannot be read is left out and logged, and its name stays taken', () => {
    const { store, state } = setUp();
    store.add(record('a', 'web'), built);
    state.database.exec(`UPDATE containers SET record = json_set(record, '$.status', 'flying')`);
    const again = setUp(state);
    expect(again.store.list()).toEqual([]);
    expect(again.log.lines[0]?.fields).toMatchObject({ name: 'web', error: expect.stringContaining('no valid status') as string });
    expect(() => again.store.reserveName('web', idOf('b'))).toThrow('the name web is used');
  });
});
