import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createWriteStream } from 'node:fs';
import { hostPlatform, parseImageConfig, parseManifest, parseReference, type ImageSourceContext } from '@jocker/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHostImageSource } from './host-image-source.ts';
import { readElf } from './read-elf.ts';

const run = promisify(execFile);
const silent = (): undefined => undefined;
const context: ImageSourceContext = {
  signal: new AbortController().signal,
  log: { debug: silent, info: silent, warn: silent, error: silent },
  platform: hostPlatform(),
};
const source = createHostImageSource({ searchPath: '/usr/bin:/bin:/usr/sbin:/sbin' });
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(`${tmpdir()}/jocker-host-source-`);
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** The image's config, and its root file system below the folder that is returned. */
async function unpacked(text: string): Promise<{ root: string; config: ReturnType<typeof parseImageConfig>; digest: string }> {
  const reference = parseReference(text, { schemes: ['host'] });
  const root = await mkdtemp(`${directory}/root-`);
  const descriptor = await source.resolve(reference, context);
  const bytes = async (blob: typeof descriptor): Promise<Buffer> =>
    Buffer.concat(await (await source.fetch(reference, blob, 0, context)).toArray());
  const manifest = parseManifest(await bytes(descriptor), descriptor.mediaType);
  if (manifest.kind !== 'manifest' || manifest.layers[0] === undefined) throw new Error('one layer was expected');
  const config = parseImageConfig(await bytes(manifest.config));
  await pipeline(await source.fetch(reference, manifest.layers[0], 0, context), createWriteStream(`${root}.tar`));
  await source.release?.(reference);
  await run('tar', ['-xpf', `${root}.tar`, '-C', root]);
  return { root, config, digest: descriptor.digest };
}

describe('an image of host programs', () => {
  test('starts by itself in its own root, with the libraries that its programs need', async () => {
    const { root, config } = await unpacked('host:bash,cat');
    const { stdout } = await run('chroot', [root, '/bin/bash', '-c', 'cat /etc/passwd; echo $BASH_VERSION']);
    expect(stdout).toMatch(/^root:x:0:0[^]*nobody:x:65534[^]*\d+\.\d+/);
    expect(config.config).toMatchObject({ command: ['/usr/bin/bash'] });
  });

  test('of busybox has every applet that busybox has', async () => {
    const { root, config } = await unpacked('host:busybox');
    const { stdout } = await run('chroot', [root, '/bin/sh', '-c', 'ls /bin/wget && echo $((6*7))']);
    expect(stdout).toContain('42');
    expect(config.config.command).toEqual(['sh']);
  });

  test('is the same each time', async () => {
    expect((await unpacked('host:cat')).digest).toBe((await unpacked('host:cat')).digest);
  });

  test('brings the interpreter of a script', async () => {
    const { root } = await unpacked('host:ldd');
    const { stdout } = await run('chroot', [root, '/usr/bin/ldd', '--version']);
    expect(stdout).toContain('ldd');
  });

  test('of a program that is not there is refused with its name', async () => {
    await expect(unpacked('host:no-such-program')).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('no-such-program'),
    });
  });

  test.each(['host:..', 'host:a b', 'host:,', 'host:x/y'])('like "%s" is refused', async (text) => {
    await expect(unpacked(text)).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

describe('an ELF file', () => {
  test('names its interpreter and libraries', async () => {
    expect(readElf(await readFile('/bin/bash'))).toMatchObject({
      interpreter: expect.stringContaining('ld-'),
      needed: expect.arrayContaining([expect.stringContaining('libc.so')]),
    });
  });

  test('that is cut short is read without an exception', async () => {
    const whole = await readFile('/bin/bash');
    for (const length of [0, 10, 64, 100, 1000, 5000]) expect(() => readElf(whole.subarray(0, length))).not.toThrow();
  });
});
