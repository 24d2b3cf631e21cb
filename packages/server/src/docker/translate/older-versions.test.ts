import { describe, expect, test } from 'vitest';
import { containerFieldsOfImage, containerOfImage, isBefore, kernelMemory, nameless, virtualSize } from './older-versions.ts';

test.each([
  [[1, 24], 42, true],
  [[1, 41], 42, true],
  [[1, 42], 42, false],
  [[1, 50], 42, false],
] as const)('%j before 1.%d: %s', (version, limit, expected) => {
  expect(isBefore(version, limit)).toBe(expected);
});

describe('fields that a version took away are there until the one before', () => {
  test.each([
    ['the virtual size', 44, (minor: number) => virtualSize([1, minor], 5), { VirtualSize: 5 }],
    ['the memory of the kernel', 42, (minor: number) => kernelMemory([1, minor], 0), { KernelMemory: 0, KernelMemoryTCP: 0 }],
  ])('%s (%d)', (_what, gone, fields, expected) => {
    expect(fields(gone - 1)).toEqual(expected);
    expect(fields(gone)).toEqual({});
  });

  test.each([
    ['the fields of a container', 50, containerFieldsOfImage, 'Hostname'],
    ['the container of an image', 45, containerOfImage, 'ContainerConfig'],
  ] as const)('%s (%d)', (_what, gone, fields, name) => {
    expect(fields([1, gone - 1])).toHaveProperty(name);
    expect(fields([1, gone])).toEqual({});
  });

  test('the name of what has none (43)', () => {
    expect([nameless([1, 42], ':'), nameless([1, 42], '@'), nameless([1, 43], ':')]).toEqual([['<none>:<none>'], ['<none>@<none>'], []]);
  });
});
