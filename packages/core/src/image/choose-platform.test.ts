import { expect, test } from 'vitest';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ImageIndex } from '../oci/manifest.ts';
import { parsePlatform } from '../oci/platform-text.ts';
import { choosePlatform } from './choose-platform.ts';

const entry = (platform: string, hex: string): Descriptor => ({
  mediaType: 'm',
  size: 1,
  digest: `sha256:${hex.repeat(64)}`,
  platform: parsePlatform(platform),
});
const index = (...manifests: readonly Descriptor[]): ImageIndex => ({ kind: 'index', mediaType: 'i', manifests, annotations: {} });

test('the exact variant wins', () => {
  expect(choosePlatform(index(entry('linux/arm/v6', 'a'), entry('linux/arm/v7', 'b')), parsePlatform('linux/arm/v7')).digest).toContain(
    'bbb',
  );
});

test('an older variant serves a newer processor', () => {
  expect(choosePlatform(index(entry('linux/arm/v6', 'a')), parsePlatform('linux/arm/v7')).digest).toContain('aaa');
});

test('an arm64 image without a variant serves arm64/v8', () => {
  expect(choosePlatform(index(entry('linux/arm64', 'a')), parsePlatform('linux/arm64/v8')).digest).toContain('aaa');
});

test('a platform that is not there is refused with those that are', () => {
  expect(() => choosePlatform(index(entry('linux/amd64', 'a'), entry('unknown/unknown', 'b')), parsePlatform('linux/s390x'))).toThrow(
    'no image for linux/s390x; there are linux/amd64',
  );
});
