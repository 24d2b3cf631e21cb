import { describe, expect, test } from 'vitest';
import { containerView } from '../testing/views.ts';
import { groupContainers, type ContainerTreeOptions } from './group-containers.ts';

const options: ContainerTreeOptions = { grouping: 'none', label: 'tier', sorting: 'name', filter: '', workspaceFolders: ['/src/app'] };
const web = containerView({ id: 'a', name: 'web', origin: '/src/app', labels: { tier: 'front' }, createdAt: '2026-01-01T00:00:00Z' });
const store = containerView({ id: 'b', name: 'store', origin: '/src/application', status: 'exited', createdAt: '2026-01-03T00:00:00Z' });
const job = containerView({
  id: 'c',
  name: 'job',
  origin: '/src/app/tools',
  image: 'job:1',
  status: 'paused',
  createdAt: '2026-01-02T00:00:00Z',
});
const shape = (over: Partial<ContainerTreeOptions>): unknown =>
  groupContainers([web, store, job], { ...options, ...over }).map((group) => [group.id, group.containers.map(({ name }) => name)]);

describe('grouping containers', () => {
  test('puts what this workspace made first and everything else behind', () => {
    expect(shape({ grouping: 'workspace' })).toEqual([
      ['workspace:', ['job', 'web']],
      ['elsewhere:', ['store']],
    ]);
  });

  test('orders groups by state from running to exited', () => {
    expect(shape({ grouping: 'state' })).toEqual([
      ['state:running', ['web']],
      ['state:paused', ['job']],
      ['state:exited', ['store']],
    ]);
  });

  test('puts containers without the label last', () => {
    expect(shape({ grouping: 'label' })).toEqual([
      ['label:front', ['web']],
      ['other:', ['job', 'store']],
    ]);
  });

  test('sorts by age with the newest first', () => {
    expect(shape({ sorting: 'created' })).toEqual([['all:', ['store', 'job', 'web']]]);
  });

  test('shows only containers in which every word of the filter occurs', () => {
    expect(shape({ filter: 'HOST: tier=fr' })).toEqual([['all:', ['web']]]);
  });
});
