import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JockerError } from '@jocker/core';
import { execa } from 'execa';
import type { AptSources } from './read-apt-sources.ts';

export interface RootRequest {
  readonly suite: string;
  readonly packages: readonly string[];
  readonly variant: string;
  readonly sources: AptSources;
  readonly cacheDirectory: string;
  readonly signal: AbortSignal;
}

/** For how long a root file system is taken from the cache before the archive is asked again. */
const freshMs = 24 * 3_600_000;

/**
 * The path of a tar, made by mmdebstrap or by an earlier call that asked for the same: suite, packages, variant, apt sources.
 * It has no time of day in it, so a newer one of the same packages is the same image.
 */
export async function makeRoot(request: RootRequest): Promise<string> {
  const { suite, packages, variant, sources, cacheDirectory } = request;
  const key = createHash('sha256')
    .update(JSON.stringify([suite, packages, variant, sources.lines, sources.stanzas]))
    .digest('hex');
  const path = join(cacheDirectory, `${key}.tar`);
  const made = await stat(path).catch(() => undefined);
  if (made !== undefined && Date.now() - made.mtimeMs < freshMs) return path;
  await mkdir(cacheDirectory, { recursive: true, mode: 0o700 });
  const directory = await mkdtemp(join(cacheDirectory, 'making-'));
  try {
    await runMmdebstrap(request, directory);
    await utimes(join(directory, 'root.tar'), new Date(), new Date());
    await rename(join(directory, 'root.tar'), path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return path;
}

async function runMmdebstrap({ suite, packages, variant, sources, signal }: RootRequest, directory: string): Promise<void> {
  const mirrors: string[] = [];
  for (const [name, text] of [
    ['machine.list', sources.lines],
    ['machine.sources', sources.stanzas],
  ] as const) {
    if (text === '') continue;
    await writeFile(join(directory, name), text);
    mirrors.push(join(directory, name));
  }
  const ran = await execa(
    'mmdebstrap',
    [
      '--quiet',
      '--mode=root',
      '--format=tar',
      `--variant=${variant}`,
      // The engine gives each container a /dev of its own.
      '--skip=output/dev',
      ...(packages.length === 0 ? [] : [`--include=${packages.join(',')}`]),
      suite,
      join(directory, 'root.tar'),
      ...mirrors,
    ],
    { cancelSignal: signal, stdin: 'ignore', reject: false, env: { SOURCE_DATE_EPOCH: '0', TMPDIR: directory } },
  );
  signal.throwIfAborted();
  if (!ran.failed) return;
  if (ran.code === 'ENOENT')
    throw new JockerError('unavailable', 'mmdebstrap is not installed; install it with: apt-get install mmdebstrap');
  const said = `${ran.stderr}\n${ran.stdout}`.split('\n').filter((line) => line.startsWith('E: '));
  const unknown = /install (\S.*?) -oAPT::Status-Fd/.exec(ran.stderr)?.[1];
  const detail =
    unknown === undefined ? (said[0]?.slice('E: '.length, 300) ?? `it ended with ${ran.exitCode}`) : `apt cannot install ${unknown}`;
  throw new JockerError(unknown === undefined ? 'unavailable' : 'not-found', `no root file system of ${suite}: ${detail}`, {
    details: { output: ran.stderr.slice(-4_000) },
  });
}
