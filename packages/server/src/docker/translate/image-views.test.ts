import { describe, expect, test } from 'vitest';
import type { ImageDetails } from '@jocker/core';
import { parseFilters } from './filters.ts';
import { imageFilterNames, selectImages, toImageHistory, toImageInspect, toImageSummary } from './image-views.ts';

const image = (name: string, minute: number, more: Partial<ImageDetails> = {}): ImageDetails => ({
  id: `sha256:${name}`,
  references: [`docker.io/library/${name}:1`],
  repoDigests: [],
  manifest: 'sha256:m',
  created: `2024-01-01T00:0${minute}:00Z`,
  sizeBytes: 100,
  platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
  labels: {},
  containers: 2,
  source: 'registry',
  author: '',
  comment: '',
  config: {},
  diffIds: ['sha256:d'],
  layers: [],
  lastTagged: null,
  ...more,
});

describe('a list of images', () => {
  const images = [image('one', 1, { labels: { a: '1' } }), image('two', 2), image('loose', 3, { references: [] })];
  const names = (filters: object): readonly string[] =>
    selectImages(images, parseFilters(JSON.stringify(filters), imageFilterNames)).map(({ id }) => id.slice('sha256:'.length));
  test('is the newest first', () => expect(names({})).toEqual(['loose', 'two', 'one']));
  test('by what has no name', () =>
    expect([names({ dangling: ['true'] }), names({ dangling: ['0'] })]).toEqual([['loose'], ['two', 'one']]));
  test('by label', () => expect(names({ label: ['a=1'] })).toEqual(['one']));
  test('by reference', () =>
    expect([names({ reference: ['t*'] }), names({ reference: ['*:1'] }), names({ reference: ['['] })]).toEqual([
      ['two'],
      ['two', 'one'],
      [],
    ]));
  test('before and since one', () =>
    expect([names({ before: ['two'] }), names({ since: ['one:1'] })]).toEqual([['one'], ['loose', 'two']]));
  test('before one that is not there is refused', () => {
    expect(() => names({ before: ['nobody'] })).toThrow(expect.objectContaining({ code: 'not-found' }));
  });
});

test('an image that nobody named has empty lists, and its name of old for old clients', () => {
  const loose = image('loose', 1, { references: [] });
  expect(toImageSummary(loose, [1, 50])).toMatchObject({ RepoTags: [], RepoDigests: [], Labels: null, Containers: -1 });
  expect(toImageSummary(loose, [1, 42])).toMatchObject({ RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'], VirtualSize: 100 });
});

test('an image is shown with the names that people use', () => {
  const digest = `docker.io/library/one@sha256:${'a'.repeat(64)}`;
  expect(toImageSummary(image('one', 1, { repoDigests: [digest] }), [1, 50], 2)).toMatchObject({
    RepoTags: ['one:1'],
    RepoDigests: [`one@sha256:${'a'.repeat(64)}`],
    Created: 1_704_067_260,
    Containers: 2,
  });
});

test('an inspect has the configuration and the layers', () => {
  const config = {
    command: ['sh'],
    exposedPorts: ['80/tcp'],
    volumes: ['/data'],
    stopSignal: 'SIGINT',
    healthcheck: { test: ['CMD', 'x'], intervalNs: 5 },
  };
  const inspected = toImageInspect(image('one', 1, { config }), [1, 50]);
  expect(inspected).toMatchObject({
    Architecture: 'arm64',
    Variant: 'v8',
    RootFS: { Type: 'layers', Layers: ['sha256:d'] },
    Config: {
      Cmd: ['sh'],
      Env: null,
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/data': {} },
      StopSignal: 'SIGINT',
      Healthcheck: { Test: ['CMD', 'x'], Interval: 5 },
    },
    Metadata: { LastTagTime: '0001-01-01T00:00:00Z' },
  });
  expect(inspected).not.toHaveProperty('Config.Hostname');
  expect(inspected).not.toHaveProperty('ContainerConfig');
});

test('a step of the history without an image of its own is missing', () => {
  expect(toImageHistory({ imageId: null, sizeBytes: 5, references: [], created: '2024-01-01T00:01:00Z', createdBy: 'RUN x' })).toEqual({
    Id: '<missing>',
    Created: 1_704_067_260,
    CreatedBy: 'RUN x',
    Tags: null,
    Size: 5,
    Comment: '',
  });
});
