import { JockerError, type ErrorCode } from '@jocker/core';
import { expect, test } from 'vitest';
import { dockerMessageOf, dockerStatusOf } from './docker-error.ts';

const statuses: readonly (readonly [ErrorCode, number])[] = [
  ['invalid-argument', 400],
  ['unauthenticated', 401],
  ['permission-denied', 403],
  ['not-found', 404],
  ['already-exists', 409],
  ['failed-precondition', 409],
  ['resource-exhausted', 413],
  ['unsupported', 501],
  ['unavailable', 500],
  ['internal', 500],
];
test.each(statuses)('%s is %i', (code, status) => {
  expect(dockerStatusOf(new JockerError(code, 'a sentence'))).toBe(status);
});

const failed = (reason: string, details: object = {}): JockerError =>
  new JockerError('failed-precondition', 'a sentence', { details: { reason, ...details } });

test('what is so already is 304, and a command that cannot run is 400', () => {
  expect(['not-modified', 'command-not-found', 'command-not-executable'].map((reason) => dockerStatusOf(failed(reason)))).toEqual([
    304, 400, 400,
  ]);
});

test('messages have the words by which clients decide', () => {
  expect(dockerMessageOf(failed('command-not-found'))).toBe('a sentence: executable file not found in $PATH');
  expect(dockerMessageOf(failed('command-not-executable'))).toBe('a sentence: permission denied');
  expect(dockerMessageOf(failed('no-such-container', { reference: 'web' }))).toBe('No such container: web');
  expect(dockerMessageOf(failed('no-such-image', { reference: 'a:b' }))).toBe('No such image: a:b');
  expect(dockerMessageOf(failed('name-in-use', { name: 'web', containerId: 'abc' }))).toContain(
    '"/web" is already in use by container "abc"',
  );
  expect(dockerMessageOf(new Error('plain'))).toBe('plain');
});
