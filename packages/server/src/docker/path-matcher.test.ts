import { expect, test } from 'vitest';
import { dockerRoutes } from './docker-routes.ts';
import { createPathMatcher } from './path-matcher.ts';

const match = createPathMatcher(dockerRoutes);

test.each([
  ['GET', '/containers/json', '/containers/json', {}],
  ['GET', '/containers/abc/json', '/containers/{id}/json', { id: 'abc' }],
  ['GET', '/images/json', '/images/json', {}],
  ['GET', '/images/get', '/images/get', {}],
  ['GET', '/images/search', '/images/search', {}],
  ['GET', '/images/a/b:5000/c/json', '/images/{name*}/json', { name: 'a/b:5000/c' }],
  ['GET', '/images/get/json', '/images/{name*}/json', { name: 'get' }],
  ['GET', '/images/a%2Fb/json', '/images/{name*}/json', { name: 'a/b' }],
  ['DELETE', '/images/a/b', '/images/{name*}', { name: 'a/b' }],
  ['POST', '/images/create', '/images/create', {}],
  ['POST', '/containers/prune', '/containers/prune', {}],
  ['HEAD', '/_ping', '/_ping', {}],
])('%s %s is %s', (method, path, wanted, params) => {
  const found = match(method, path);
  expect([found?.route.path, found?.params]).toEqual([wanted, params]);
});

test.each([
  ['GET', '/'],
  ['GET', '/containers'],
  ['GET', '/containers//json'],
  ['GET', '/containers/a/b/json'],
  ['POST', '/containers/json'],
  ['PATCH', '/_ping'],
])('%s %s is nothing', (method, path) => {
  expect(match(method, path)).toBeUndefined();
});

test('a parameter that is no valid encoding is refused', () => {
  expect(() => match('GET', '/containers/%zz/json')).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});

test('no two routes have the same method and path', () => {
  const all = dockerRoutes.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+/g, '{x')}`);
  expect(all).toEqual([...new Set(all)]);
});
