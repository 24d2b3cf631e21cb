import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseReference } from '@jocker/core';
import { describeImageSource, writeImageLayout, type FixtureImage } from '@jocker/core/testing';
import { registryImageSource } from '@jocker/plugins';
import { contributionsOf } from '../support/contributions.ts';
import { startRegistry } from '../support/registry.ts';

const run = promisify(execFile);

const image: FixtureImage = {
  tag: 'one',
  layers: [
    { entries: [{ path: 'a/' }, { path: 'a/file', content: 'plain'.repeat(100) }], compression: 'none' },
    { entries: [{ path: 'b', content: 'gzip'.repeat(100) }], compression: 'gzip' },
    { entries: [{ path: 'c', content: 'zstd'.repeat(100) }], compression: 'zstd' },
  ],
};

describeImageSource('registry', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'jocker-registry-test-'));
  await writeImageLayout(directory, [image]);
  const registry = await startRegistry();
  await run('skopeo', ['copy', '--dest-tls-verify=false', `oci:${directory}:one`, `docker://${registry.host}/some/image:1`]);
  const contributions = await contributionsOf(registryImageSource, { credentialsFile: join(directory, 'none.json') });
  return {
    source: contributions.get('imageSource'),
    reference: parseReference(`${registry.host}/some/image:1`),
    missing: parseReference(`${registry.host}/some/image:2`),
    foreign: parseReference('oci:/layout', { schemes: ['oci'] }),
    async close() {
      await contributions[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
});
