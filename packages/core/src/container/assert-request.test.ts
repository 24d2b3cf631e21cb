import { expect, test } from 'vitest';
import { assertRequest } from './assert-request.ts';
import type { CreateRequest } from './create-request.ts';

const policy = (name: string, maximumRetryCount = 0): Partial<CreateRequest> => ({
  restartPolicy: { name, maximumRetryCount } as NonNullable<CreateRequest['restartPolicy']>,
});

test.each<[string, Partial<CreateRequest>]>([
  ['there is no signal SIGNOPE', { stopSignal: 'SIGNOPE' }],
  ['a stop timeout of 1.5', { stopTimeoutSeconds: 1.5 }],
  ['there is no restart policy sometimes', policy('sometimes')],
  ['only the restart policy on-failure counts', policy('always', 3)],
  ['cannot be restarted -1 times', policy('on-failure', -1)],
  ['cannot be removed at its end and restarted', { ...policy('always'), autoRemove: true }],
  ['there is no log driver syslog', { logging: { driver: 'syslog', options: {} } }],
  ['the origin is longer than 4096 bytes', { origin: 'é'.repeat(3_000) }],
])('is refused: %s', (message, request) => {
  expect(() => assertRequest({ image: 'img', ...request })).toThrow(
    expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(message) as string }) as Error,
  );
});

test.each<Partial<CreateRequest>>([
  {},
  { stopSignal: 'SIGRTMIN+3', stopTimeoutSeconds: -1 },
  policy('on-failure', 3),
  { ...policy('no'), autoRemove: true },
  { logging: { driver: 'none', options: {} }, origin: 'workspace' },
])('%j is taken', (request) => {
  expect(() => assertRequest({ image: 'img', ...request })).not.toThrow();
});
