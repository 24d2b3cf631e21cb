import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { parseReference, type Plugin } from '@jocker/core';
import { describeImageSource, makeTar, writeImageLayout, type FixtureImage } from '@jocker/core/testing';
import { archiveSource, hostImageSource, ociLayoutSource, rootfsArchiveSource } from '@jocker/plugins';
import { contributionsOf } from '../support/contributions.ts';

const run = promisify(execFile);

const image: FixtureImage = {
  tag: 'one',
  config: { Cmd: ['sh'] },
  layers: [
    { entries: [{ path: 'a/' }, { path: 'a/file', content: 'gzip'.repeat(100) }] },
    { entries: [{ path: 'b', content: 'zstd'.repeat(100) }], compression: 'zstd' },
  ],
};

interface Case {
  readonly scheme: string;
  readonly plugin: Plugin;
  /** Makes the image below the folder and says where, and where none is. */
  readonly make: (directory: string) => Promise<readonly [location: string, missing: string]>;
}

const cases: readonly Case[] = [
  {
    scheme: 'oci',
    plugin: ociLayoutSource,
    async make(directory) {
      await writeImageLayout(directory, [image]);
      return [`${directory}:one`, `${directory}:two`];
    },
  },
  {
    scheme: 'oci-archive',
    plugin: archiveSource,
    async make(directory) {
      await writeImageLayout(join(directory, 'layout'), [image]);
      await run('skopeo', ['copy', `oci:${directory}/layout:one`, `oci-archive:${directory}/image.tar:one`]);
      return [`${directory}/image.tar:one`, `${directory}/none.tar`];
    },
  },
  {
    scheme: 'docker-archive',
    plugin: archiveSource,
    async make(directory) {
      // Docker's archives know no zstd.
      await writeImageLayout(join(directory, 'layout'), [{ ...image, layers: image.layers.slice(0, 1) }]);
      await run('skopeo', ['copy', `oci:${directory}/layout:one`, `docker-archive:${directory}/image.tar:some/image:one`]);
      return [`${directory}/image.tar:some/image:one`, `${directory}/image.tar:some/image:two`];
    },
  },
  {
    scheme: 'rootfs',
    plugin: rootfsArchiveSource,
    async make(directory) {
      const tar = makeTar([{ path: 'bin/' }, { path: 'bin/sh', content: 'x'.repeat(500), mode: 0o755 }]);
      await writeFile(join(directory, 'rootfs.tar.gz'), gzipSync(tar));
      return [`${directory}/rootfs.tar.gz`, `${directory}/none.tar.gz`];
    },
  },
  { scheme: 'host', plugin: hostImageSource, make: () => Promise.resolve(['cat', 'no-such-program-anywhere']) },
];

for (const { scheme, plugin, make } of cases) {
  describeImageSource(scheme, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'jocker-source-test-'));
    const [location, missing] = await make(directory);
    const contributions = await contributionsOf(plugin, undefined);
    const reference = (text: string): ReturnType<typeof parseReference> => parseReference(`${scheme}:${text}`, { schemes: [scheme] });
    return {
      source: contributions.get('imageSource'),
      reference: reference(location),
      missing: reference(missing),
      foreign: parseReference('alpine'),
      async close() {
        await contributions[Symbol.asyncDispose]();
        await rm(directory, { recursive: true, force: true });
      },
    };
  });
}
