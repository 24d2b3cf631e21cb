import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  linkSync,
  chmodSync,
  chownSync,
  createReadStream,
  lstatSync,
  readdirSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { native } from '@jocker/native';
import { afterAll, describe, expect, it } from 'vitest';
import { makeTar } from '../testing/image-fixture.ts';
import { applyLayer } from './apply-layer.ts';

const folder = mkdtempSync(join(tmpdir(), 'jocker-gnu-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One line for each file: everything that an archive keeps. */
async function describeTree(root: string): Promise<string[]> {
  const lines: string[] = [];
  const inodes = new Map<bigint, number>();
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const path = join(root, name);
    const stat = lstatSync(path, { bigint: true });
    if (!inodes.has(stat.ino)) inodes.set(stat.ino, inodes.size);
    const hash = createHash('sha256');
    if (stat.isFile()) for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    const xattrs = native()
      .llistxattr(path)
      .map((key) => `${String(key)}=${native().lgetxattr(path, key).toString('hex')}`);
    const target = stat.isSymbolicLink() ? readlinkSync(path) : '';
    const links = stat.isDirectory() ? '' : `${inodes.get(stat.ino)}`;
    lines.push(
      [name, stat.mode, stat.uid, stat.gid, stat.rdev, stat.mtimeNs, links, target, hash.digest('hex'), ...xattrs.toSorted()].join(' '),
    );
  }
  return lines;
}

function makeSource(): string {
  const source = join(folder, 'source');
  mkdirSync(join(source, 'deep/er/still'), { recursive: true });
  for (let index = 0; index < 300; index++)
    writeFileSync(join(source, `deep/er/still/${'n'.repeat(index % 120)}-${index}`), 'x'.repeat(index * 37));
  for (const name of ['dpkg', 'ld', 'perl-base']) execFileSync('cp', ['-a', '/etc/apt', join(source, name)]);
  symlinkSync('../nowhere', join(source, 'dangling'));
  symlinkSync(`/long/${'l'.repeat(300)}`, join(source, 'long-link'));
  linkSync(join(source, 'deep/er/still/n-1'), join(source, 'linked'));
  chownSync(join(source, 'linked'), 3_000_000, 70_000);
  chmodSync(join(source, 'linked'), 0o6751);
  native().mknod(join(source, 'fifo'), 0o010640, 0, 0);
  native().mknod(join(source, 'device'), 0o020640, 5, 300);
  native().lsetxattr(join(source, 'linked'), 'user.mark', Buffer.from('value'));
  native().lutimes(join(source, 'deep/er'), 1n, 1_234_567_890_123_456_789n);
  writeFileSync(join(source, 'ünïcödé'), 'text');
  return source;
}

describe('a layer written by GNU tar', () => {
  const source = makeSource();
  it.each(['gnu', 'pax', 'posix'])('in the format %s is the same tree as GNU tar extracts', async (format) => {
    const archive = join(folder, `${format}.tar`);
    const attributes = format === 'gnu' ? [] : ['--xattrs', '--xattrs-include=*'];
    execFileSync('tar', ['-c', `--format=${format}`, ...attributes, '-f', archive, '-C', source, '.']);
    const [theirs, ours] = [join(folder, `${format}-theirs`), join(folder, `${format}-ours`)];
    for (const directory of [theirs, ours]) mkdirSync(directory);
    execFileSync('tar', ['-xp', '--numeric-owner', ...attributes, '-f', archive, '-C', theirs]);
    await applyLayer({ blobPath: archive, directory: ours, whiteouts: 'overlay', signal: new AbortController().signal });
    expect(await describeTree(ours)).toEqual(await describeTree(theirs));
  });
});

describe('an archive of ours', () => {
  it('is read by GNU tar with everything in it', () => {
    const archive = join(folder, 'ours.tar');
    const directory = mkdtempSync(join(folder, 'read-'));
    const long = 'd'.repeat(150);
    writeFileSync(
      archive,
      makeTar([
        { path: `${long}/`, mode: 0o2750, uid: 3_000_000, mtimeNs: 1_234_567_890_123_456_789n },
        { path: `${long}/file`, content: 'content', mode: 0o4755, xattrs: { 'user.mark': Buffer.from([0, 255, 10]) } },
        { path: `${long}/link`, type: 'symlink', linkPath: 'l'.repeat(200) },
        { path: 'device', type: 'character-device', device: [5, 300], mode: 0o600 },
      ]),
    );
    execFileSync('tar', ['-xp', '--numeric-owner', '--xattrs', '--xattrs-include=*', '-f', archive, '-C', directory]);
    const stat = lstatSync(join(directory, long), { bigint: true });
    expect([stat.mode & 0o7777n, stat.uid, stat.mtimeNs]).toEqual([0o2750n, 3_000_000n, 1_234_567_890_123_456_789n]);
    expect(native().lgetxattr(join(directory, long, 'file'), 'user.mark')).toEqual(Buffer.from([0, 255, 10]));
    expect(readlinkSync(join(directory, long, 'link'))).toBe('l'.repeat(200));
    expect(lstatSync(join(directory, 'device')).rdev).toBe((5 << 8) | (300 & 0xff) | ((300 & ~0xff) << 12));
  });
});
