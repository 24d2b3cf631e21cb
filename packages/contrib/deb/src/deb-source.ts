import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGeneratedSource, JockerError, type ImageSource } from '@jocker/core';
import { makeRoot } from './make-root.ts';
import { parseLocation } from './parse-location.ts';
import { readAptSources } from './read-apt-sources.ts';

export interface DebSourceOptions {
  readonly variant: string;
  readonly aptDirectory: string;
  /** Root file systems that were made, by what went into them. */
  readonly cacheDirectory: string;
}

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** `deb:bookworm`, `deb:bookworm/curl,ca-certificates`: what apt would install on this machine, and `sh` to run. */
export function createDebSource({ variant, aptDirectory, cacheDirectory }: DebSourceOptions): ImageSource {
  return createGeneratedSource({
    scheme: 'deb',
    async make(location, { signal }) {
      const { suite, packages } = parseLocation(location);
      const sources = await readAptSources(aptDirectory, suite);
      if (sources.lines === '' && sources.stanzas === '') {
        throw new JockerError('not-found', `the apt sources of this machine (${aptDirectory}) have no suite ${suite}`);
      }
      const root = await makeRoot({ suite, packages, variant, sources, cacheDirectory, signal });
      const shell = packages.includes('busybox-static') && variant === 'extract' ? ['/bin/busybox', 'sh'] : ['/bin/sh'];
      const bytes = (await stat(root)).size;
      return {
        layer: createReadStream(root, { highWaterMark: 1 << 20 }),
        config: { env: [path], command: shell },
        comment: `${packages.length} packages and ${variant}, ${bytes} bytes`,
      };
    },
  });
}
