import { expect, test } from 'vitest';
import { mirrorUrls, registryDomain, registryUrl } from './registry-options.ts';

test.each([
  ['docker.io', 'https://registry-1.docker.io/'],
  ['ghcr.io', 'https://ghcr.io/'],
  ['localhost:5000', 'http://localhost:5000/'],
  ['127.0.0.1:5000', 'http://127.0.0.1:5000/'],
  ['[::1]:5000', 'http://[::1]:5000/'],
  ['127.0.0.1.evil.example', 'https://127.0.0.1.evil.example/'],
  ['localhost.evil.example:5000', 'https://localhost.evil.example:5000/'],
  ['plain.example:5000', 'http://plain.example:5000/'],
  ['plain.example', 'https://plain.example/'],
])('%s is reached at %s', (domain, url) => {
  expect(registryUrl(domain, { insecureRegistries: ['plain.example:5000'] }).href).toBe(url);
});

test.each([
  ['https://index.docker.io/v1/', 'docker.io'],
  ['index.docker.io', 'docker.io'],
  ['http://127.0.0.1:5000/v2/', '127.0.0.1:5000'],
  ['ghcr.io', 'ghcr.io'],
])('%s is the registry %s', (host, domain) => {
  expect(registryDomain(host)).toBe(domain);
});

test('mirrors are hosts or URLs, and keep their paths', () => {
  const mirrors = { 'docker.io': ['mirror.example', 'http://cache.example/hub', 'localhost:5000'] };
  expect(mirrorUrls('docker.io', { mirrors }).map(({ href }) => href)).toEqual([
    'https://mirror.example/',
    'http://cache.example/hub/',
    'http://localhost:5000/',
  ]);
  expect(mirrorUrls('ghcr.io', { mirrors })).toEqual([]);
});

test.each(['http://', 'a b'])('the mirror "%s" is refused in a sentence', (mirror) => {
  expect(() => mirrorUrls('docker.io', { mirrors: { 'docker.io': [mirror] } })).toThrow(
    expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(mirror) as string }) as Error,
  );
});
