import { describe, expect, test } from 'vitest';
import type { EventEnvelope } from '@jocker/core';
import { toDockerEvents } from './event.ts';

const subject = { containerId: 'c1', name: 'web', image: 'docker.io/library/alpine:3', labels: { tier: 'front' } };
const exec = { ...subject, execId: 'e1', command: ['sh', '-c', 'ls'] };
const envelope = (name: string, event: object): EventEnvelope =>
  ({ seq: 7, time: '2023-11-14T22:13:20.250Z', name, operationId: null, event }) as unknown as EventEnvelope;
const one = (name: string, event: object): unknown => toDockerEvents(envelope(name, event))[0];

test('a container is told with its image, name and labels, in all of the forms that clients read', () => {
  expect(one('container:started', { ...subject, pid: 5 })).toEqual({
    status: 'start',
    id: 'c1',
    from: 'alpine:3',
    Type: 'container',
    Action: 'start',
    Actor: { ID: 'c1', Attributes: { tier: 'front', image: 'alpine:3', name: 'web' } },
    scope: 'local',
    time: 1_700_000_000,
    timeNano: 1_700_000_000_250_000_000,
  });
});

test('a label cannot take the place of the name', () => {
  expect(one('container:paused', { ...subject, labels: { name: 'other', image: 'other' } })).toMatchObject({
    Actor: { Attributes: { name: 'web', image: 'alpine:3' } },
  });
});

describe('what Docker calls it', () => {
  test.each([
    ['container:exited', { ...subject, exitCode: 3, durationMs: 2900 }, 'die', { exitCode: '3', execDuration: '2' }],
    ['container:signalled', { ...subject, signal: 15 }, 'kill', { signal: '15' }],
    ['container:renamed', { ...subject, oldName: 'old' }, 'rename', { oldName: '/old' }],
    ['container:resized', { ...subject, rows: 10, columns: 20 }, 'resize', { height: '10', width: '20' }],
    ['container:archive-read', { ...subject, path: '/x' }, 'archive-path', {}],
    ['container:removed', subject, 'destroy', {}],
    ['exec:created', exec, 'exec_create: sh -c ls', { execID: 'e1' }],
    ['exec:started', exec, 'exec_start: sh -c ls', { execID: 'e1' }],
    ['exec:exited', { ...exec, exitCode: 0 }, 'exec_die', { execID: 'e1', exitCode: '0' }],
  ])('%s', (name, event, action, attributes) => {
    expect(one(name, event)).toMatchObject({ Type: 'container', Action: action, Actor: { ID: 'c1', Attributes: attributes } });
  });

  test.each([
    ['image:pulled', { reference: 'docker.io/library/alpine:3' }, 'pull', 'alpine:3', 'alpine:3'],
    ['image:tagged', { imageId: 'sha256:1', reference: 'docker.io/library/alpine:4' }, 'tag', 'sha256:1', 'alpine:4'],
    ['image:removed', { imageId: 'sha256:1' }, 'delete', 'sha256:1', 'sha256:1'],
    ['image:imported', { imageId: 'sha256:1', reference: null }, 'import', 'sha256:1', 'sha256:1'],
  ])('%s', (name, event, action, id, label) => {
    expect(one(name, event)).toMatchObject({ Type: 'image', Action: action, id, Actor: { ID: id, Attributes: { name: label } } });
  });
});

test('a start tells of its networks before, an end after', () => {
  const networks = [
    { networkId: 'n1', network: 'web', driver: 'bridge', aliases: [] },
    { networkId: 'n2', network: 'off', driver: 'bridge', aliases: [] },
  ];
  const wired = { ...subject, networks, endpoints: [{ networkId: 'n1' }] };
  const told = (name: string): unknown => toDockerEvents(envelope(name, wired)).map(({ Type, Action, Actor }) => [Type, Action, Actor.ID]);
  expect(told('container:started')).toEqual([
    ['network', 'connect', 'n1'],
    ['container', 'start', 'c1'],
  ]);
  expect(told('container:exited')).toEqual([
    ['container', 'die', 'c1'],
    ['network', 'disconnect', 'n1'],
  ]);
});

test.each(['image:progress', 'spec:built', 'operation:started', 'engine:warned'])('Docker has no word for %s', (name) => {
  expect(toDockerEvents(envelope(name, {}))).toEqual([]);
});

test('several images that are saved at once are told one by one', () => {
  const references = ['docker.io/library/a:1', 'docker.io/library/b:1'];
  expect(toDockerEvents(envelope('image:saved', { references })).map(({ Actor }) => Actor.ID)).toEqual(['a:1', 'b:1']);
});
