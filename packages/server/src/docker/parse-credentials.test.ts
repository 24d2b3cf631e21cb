import { expect, test } from 'vitest';
import { parseCredentials } from './parse-credentials.ts';

const header = (value: unknown, alphabet: 'base64' | 'base64url' = 'base64url'): string =>
  Buffer.from(JSON.stringify(value)).toString(alphabet);

test.each(['base64', 'base64url'] as const)('a user and a password are read in %s', (alphabet) => {
  const auth = { username: 'ü?>', password: '~~~?', serveraddress: 'https://127.0.0.1:5000/v2/' };
  expect(parseCredentials(header(auth, alphabet))).toEqual({ host: '127.0.0.1:5000', username: 'ü?>', password: '~~~?' });
});

test('tokens are credentials, for the registry of the image when no other is named', () => {
  expect(parseCredentials(header({ identitytoken: 't' }), 'a.example')).toEqual({ host: 'a.example', identityToken: 't' });
  expect(parseCredentials(header({ registrytoken: 't' }), 'a.example')).toEqual({ host: 'a.example', registryToken: 't' });
});

test.each([[undefined], [''], [header({})], [header(null)], [header({ username: '', password: 'x' })]])('%s says nothing', (value) => {
  expect(parseCredentials(value)).toBeUndefined();
});

test.each(['!', 'e30e30', header([]), header('text'), header({ username: 7 })])('%s is refused', (value) => {
  expect(() => parseCredentials(value)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});
