import { expect, test } from 'vitest';
import { parseChallenge } from './parse-challenge.ts';

test.each([
  ['Basic realm="x"', { scheme: 'basic', parameters: { realm: 'x' } }],
  ['Basic', { scheme: 'basic', parameters: {} }],
  [
    'Bearer realm="https://auth.example/token",service="s",scope="repository:a/b:pull,push"',
    { scheme: 'bearer', parameters: { realm: 'https://auth.example/token', service: 's', scope: 'repository:a/b:pull,push' } },
  ],
  ['bearer Realm=https://a.example/t, Service = s', { scheme: 'bearer', parameters: { realm: 'https://a.example/t', service: 's' } }],
  ['Negotiate, Bearer realm="r"', { scheme: 'bearer', parameters: { realm: 'r' } }],
  [String.raw`Bearer realm="a\"b"`, { scheme: 'bearer', parameters: { realm: 'a"b' } }],
  ['Bearer realm="first",realm="second"', { scheme: 'bearer', parameters: { realm: 'first' } }],
])('%s is read', (header, expected) => {
  expect(parseChallenge(header)).toEqual(expected);
});

test.each([undefined, '', 'Digest realm="x"', 'Bearerx realm="y"'])('%s is nothing that can be answered', (header) => {
  expect(parseChallenge(header)).toBeUndefined();
});
