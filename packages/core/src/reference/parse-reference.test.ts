import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isJockerError } from '../errors/jocker-error.ts';
import { familiarReference, parseReference } from './parse-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('a reference', () => {
  test.each([
    ['alpine', 'docker.io/library/alpine:latest'],
    ['alpine:3.22', 'docker.io/library/alpine:3.22'],
    ['user/app', 'docker.io/user/app:latest'],
    ['index.docker.io/alpine', 'docker.io/library/alpine:latest'],
    ['ghcr.io/a/b/c:v1', 'ghcr.io/a/b/c:v1'],
    ['localhost/app', 'localhost/app:latest'],
    ['127.0.0.1:5000/app:1', '127.0.0.1:5000/app:1'],
    ['[::1]:5000/app', '[::1]:5000/app:latest'],
    [`alpine@${digest}`, `docker.io/library/alpine@${digest}`],
    [`alpine:3.22@${digest}`, `docker.io/library/alpine:3.22@${digest}`],
    ['u/a.b_c__d-e', 'docker.io/u/a.b_c__d-e:latest'],
  ])('%s means %s', (text, normalised) => {
    expect(parseReference(text).text).toBe(normalised);
  });

  test('is read the same again when it was normalised', () => {
    for (const text of ['alpine', 'a/b:c', 'localhost:1/x/y', `x@${digest}`]) {
      const reference = parseReference(text);
      expect(parseReference(reference.text)).toEqual(reference);
    }
  });

  test.each([
    '',
    'Alpine',
    'a//b',
    '/a',
    'a/',
    'a:',
    'a:b c',
    'a@sha256:zz',
    `a@sha256:${'A'.repeat(64)}`,
    '-a',
    'a..b',
    '../a',
    'f'.repeat(64),
    `${'x'.repeat(300)}`,
    'a:'.concat('t'.repeat(129)),
  ])('like "%s" is refused', (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  test('with the scheme of a loaded source belongs to that source', () => {
    expect(parseReference('oci:./layout:1', { schemes: ['oci'] })).toEqual({
      kind: 'scheme',
      text: 'oci:./layout:1',
      scheme: 'oci',
      location: './layout:1',
    });
  });

  test('with a scheme that nobody claims is a name and a tag', () => {
    expect(parseReference('oci:latest')).toMatchObject({ kind: 'registry', path: 'library/oci', tag: 'latest' });
  });

  test('of any text is either read or refused with a sentence, never anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aA0:/@._-[] %'.split('')), maxLength: 40 }), (text) => {
        try {
          const reference = parseReference(text);
          expect(parseReference(reference.text)).toEqual(reference);
        } catch (error) {
          expect(isJockerError(error, 'invalid-argument')).toBe(true);
        }
      }),
    );
  });
});

test.each([
  ['docker.io/library/alpine:latest', 'alpine:latest'],
  ['docker.io/user/app:1', 'user/app:1'],
  ['localhost:5000/app:1', 'localhost:5000/app:1'],
])('%s is shown as %s', (text, shown) => {
  expect(familiarReference(text)).toBe(shown);
});
