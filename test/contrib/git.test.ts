import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import git from '@jocker/contrib-git';
import { hostPlatform, parseManifest, parseReference, type ImageSource, type ImageSourceContext } from '@jocker/core';
import { describeImageSource } from '@jocker/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contributionsOf, type Contributions } from '../support/contributions.ts';

const run = promisify(execFile);
const silent = (): undefined => undefined;
const context: ImageSourceContext = {
  signal: new AbortController().signal,
  log: { debug: silent, info: silent, warn: silent, error: silent },
  platform: hostPlatform(),
};
const reference = (text: string): ReturnType<typeof parseReference> => parseReference(`git:${text}`, { schemes: ['git'] });

async function makeRepository(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'jocker-git-test-'));
  const command = async (...args: string[]): Promise<unknown> =>
    run('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main', '-C', directory, ...args]);
  await command('init', '--quiet');
  await mkdir(join(directory, 'root/bin'), { recursive: true });
  await writeFile(join(directory, 'root/bin/sh'), '#!/no\n', { mode: 0o755 });
  await writeFile(join(directory, 'first'), 'first');
  await symlink('/etc', join(directory, 'outside'));
  await command('add', '.');
  await command('commit', '--quiet', '-m', 'first');
  await command('tag', 'v1');
  await writeFile(join(directory, 'second'), 'second');
  await command('add', '.');
  await command('commit', '--quiet', '-m', 'second');
  return directory;
}

describeImageSource('git', async () => {
  const repository = await makeRepository();
  const contributions = await contributionsOf(git, undefined);
  return {
    source: contributions.get('imageSource'),
    reference: reference(`file://${repository}`),
    missing: reference(`file://${repository}/none`),
    foreign: parseReference('alpine'),
    async close() {
      await contributions[Symbol.asyncDispose]();
      await rm(repository, { recursive: true, force: true });
    },
  };
});

describe('an image of a git repository', () => {
  let repository: string;
  let contributions: Contributions;
  let source: ImageSource;
  beforeAll(async () => {
    repository = await makeRepository();
    contributions = await contributionsOf(git, undefined);
    source = contributions.get('imageSource');
  });
  afterAll(async () => {
    await contributions[Symbol.asyncDispose]();
    await rm(repository, { recursive: true, force: true });
  });

  async function filesOf(location: string): Promise<string[]> {
    const asked = reference(location);
    const root = await source.resolve(asked, context);
    try {
      const bytes = Buffer.concat(await (await source.fetch(asked, root, 0, context)).toArray());
      const manifest = parseManifest(bytes, root.mediaType);
      if (manifest.kind !== 'manifest' || manifest.layers[0] === undefined) throw new Error('one layer was expected');
      const file = join(repository, '.git', 'layer.tar');
      await writeFile(file, Buffer.concat(await (await source.fetch(asked, manifest.layers[0], 0, context)).toArray()));
      return (await run('tar', ['-tf', file])).stdout.trim().split('\n');
    } finally {
      await source.release?.(asked);
    }
  }

  test('has the files of its default branch and nothing of .git', async () => {
    expect(await filesOf(`file://${repository}`)).toEqual([
      './',
      './first',
      './outside',
      './root/',
      './root/bin/',
      './root/bin/sh',
      './second',
    ]);
  });

  test('has the files of a tag, and of a folder at that tag', async () => {
    expect(await filesOf(`file://${repository}#v1`)).not.toContain('./second');
    expect(await filesOf(`file://${repository}#v1:root`)).toEqual(['./', './bin/', './bin/sh']);
  });

  test.each(['nothing', '../x', 'outside', 'first'])('of the folder %s is refused', async (folder) => {
    await expect(filesOf(`file://${repository}#:${folder}`)).rejects.toMatchObject({ code: /invalid-argument|not-found/ });
  });

  test.each([
    'ext::sh -c date',
    'http://127.0.0.1/x',
    'git://127.0.0.1/x',
    '-uc/x',
    '/etc',
    'ssh://-oProxyCommand=date/x',
    'https://host/x#--upload-pack=date',
    'https://host/x#a..b',
  ])('at %s is refused without running git', async (location) => {
    await expect(source.resolve(reference(location), context)).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('of a tag that is not there says so', async () => {
    await expect(filesOf(`file://${repository}#v9`)).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('v9') });
  });

  test('leaves no clone behind', async () => {
    const clones = async (): Promise<readonly string[]> => (await readdir(tmpdir())).filter((name) => /^jocker-git-(?!test)/.test(name));
    const before = await clones();
    await filesOf(`file://${repository}`);
    await expect(filesOf(`file://${repository}#v9`)).rejects.toThrow();
    expect((await clones()).filter((name) => !before.includes(name))).toEqual([]);
  });
});
