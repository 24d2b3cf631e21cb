import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import deb from '@jocker/contrib-deb';
import { createEngine, hostPlatform, parseReference, type ImageSourceContext } from '@jocker/core';
import { describeImageSource } from '@jocker/core/testing';
import { builtins } from '@jocker/plugins';
import { describe, expect, test } from 'vitest';
import { contributionsOf } from '../support/contributions.ts';
import { createEnginePlace } from '../support/temporary-engine.ts';

const silent = (): undefined => undefined;
const context: ImageSourceContext = {
  signal: new AbortController().signal,
  log: { debug: silent, info: silent, warn: silent, error: silent },
  platform: hostPlatform(),
};
const reference = (text: string): ReturnType<typeof parseReference> => parseReference(`deb:${text}`, { schemes: ['deb'] });
const options = { variant: 'extract', aptDirectory: '/etc/apt' } as const;

describeImageSource('deb', async () => {
  const contributions = await contributionsOf(deb, options);
  return {
    source: contributions.get('imageSource'),
    reference: reference('bookworm/busybox-static'),
    missing: reference('no-such-suite'),
    foreign: parseReference('alpine'),
    close: async () => await contributions[Symbol.asyncDispose](),
  };
});

describe('an image of Debian packages', () => {
  test('runs what was installed', { timeout: 120_000 }, async () => {
    const place = await createEnginePlace();
    try {
      await using engine = await createEngine({
        dataRoot: join(place.directory, 'data'),
        runRoot: join(place.directory, 'run'),
        plugins: [{ plugin: deb as never, options, builtIn: false }, ...builtins()],
      });
      await engine.images.pull('deb:bookworm/busybox-static');
      const { id } = await engine.containers.create({ image: 'deb:bookworm/busybox-static', command: ['/bin/busybox', 'true'] });
      await engine.containers.start(id);
      expect(await engine.containers.wait(id)).toMatchObject({ exitCode: 0 });
      await engine.containers.remove(id, { force: true });
      await expect(engine.images.pull('deb:bookworm/no-such-package-at-all')).rejects.toMatchObject({
        code: 'not-found',
        message: expect.stringContaining('no-such-package-at-all'),
      });
    } finally {
      await place.remove();
    }
  });

  test('takes from the sources of the machine what is of its suite only', async () => {
    const aptDirectory = await mkdtemp(join(tmpdir(), 'jocker-apt-'));
    try {
      await mkdir(join(aptDirectory, 'sources.list.d'));
      await writeFile(join(aptDirectory, 'sources.list'), '# deb http://x bookworm main\ndeb [trusted=yes] http://x trixie main\n');
      await writeFile(
        join(aptDirectory, 'sources.list.d/a.sources'),
        'Types: deb\nURIs: http://x\nSuites: sid\nEnabled: no\n\nTypes: deb-src\nSuites: forky\n',
      );
      await using contributions = await contributionsOf(deb, { ...options, aptDirectory });
      const source = contributions.get('imageSource');
      for (const suite of ['bookworm', 'sid', 'forky', 'trixi'])
        await expect(source.resolve(reference(suite), context)).rejects.toMatchObject({ code: 'not-found' });
    } finally {
      await rm(aptDirectory, { recursive: true, force: true });
    }
  });

  test.each(['', '-x', 'bookworm/--hook', 'bookworm/a b', 'bookworm/curl,', 'Bookworm', 'bookworm/x;y'])(
    '"deb:%s" is refused',
    async (text) => {
      await using contributions = await contributionsOf(deb, options);
      const asked = { kind: 'scheme', text: `deb:${text}`, scheme: 'deb', location: text } as const;
      await expect(contributions.get('imageSource').resolve(asked, context)).rejects.toMatchObject({ code: 'invalid-argument' });
    },
  );
});
