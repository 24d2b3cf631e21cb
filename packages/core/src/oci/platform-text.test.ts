import { expect, test } from 'vitest';
import { formatPlatform, hostPlatform, parsePlatform } from './platform-text.ts';

test.each([
  ['linux/arm64/v8', { os: 'linux', architecture: 'arm64', variant: 'v8' }],
  ['linux/amd64', { os: 'linux', architecture: 'amd64' }],
  ['arm64', { os: 'linux', architecture: 'arm64' }],
  ['Linux/x86_64', { os: 'linux', architecture: 'amd64' }],
  ['aarch64', { os: 'linux', architecture: 'arm64' }],
  ['windows/amd64', { os: 'windows', architecture: 'amd64' }],
])('%s is a platform', (text, platform) => {
  expect(parsePlatform(text)).toEqual(platform);
});

test.each(['', '/', 'linux/', 'linux/amd64/', 'a/b/c/d', 'linux/am d64', 'linux/amd64\n', '../../etc'])('"%s" is none', (text) => {
  expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }) as Error);
});

test("this machine's platform is read as it is written", () => {
  expect(parsePlatform(formatPlatform(hostPlatform()))).toEqual(hostPlatform());
});
