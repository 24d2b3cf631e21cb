import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  cpSync,
  renameSync,
  lstatSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { mountFlags, native } from '@jocker/native';
import { afterAll, describe, expect, it } from 'vitest';
import { createTarReader } from '../../layer/tar-reader.ts';
import type { ContainerRoot } from './container-root.ts';
import { createContainerFiles } from './create-container-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'jocker-changes-'));
const mounts: string[] = [];
const roots = new Map<string, Pick<ContainerRoot, 'changesDirectory' | 'lowerDirectories' | 'mountTargets'> & { readonly path: string }>();

const files = createContainerFiles({
  async openRoot(id) {
    const { path, ...root } = roots.get(id) ?? { path: '/none', lowerDirectories: [], mountTargets: [] };
    const fd = openSync(path, 'r');
    return { ...root, fd, owner: { uid: 0, gid: 0 }, [Symbol.asyncDispose]: async () => closeSync(fd) };
  },
});
afterAll(async () => {
  await files[Symbol.asyncDispose]();
  for (const target of mounts) native().unmount(target, 2);
  rmSync(folder, { recursive: true, force: true });
});

function makeLower(): string {
  const lower = mkdtempSync(join(folder, 'lower-'));
  for (const path of ['etc/sub', 'emptied', 'replaced', 'proc']) mkdirSync(join(lower, path), { recursive: true });
  for (const path of ['etc/passwd', 'etc/hosts', 'etc/sub/x', 'gone', 'emptied/a', 'emptied/b', 'replaced/old', 'same', 'turned'])
    writeFileSync(join(lower, path), path);
  symlinkSync('same', join(lower, 'link'));
  return lower;
}

/** What a process in the container would do. */
function change(root: string): void {
  writeFileSync(join(root, 'etc/passwd'), 'more than before');
  writeFileSync(join(root, 'etc/new'), 'new');
  mkdirSync(join(root, 'made/deep'), { recursive: true });
  writeFileSync(join(root, 'made/deep/file'), 'file');
  rmSync(join(root, 'gone'));
  rmSync(join(root, 'replaced'), { recursive: true });
  mkdirSync(join(root, 'replaced'));
  writeFileSync(join(root, 'replaced/new'), 'new');
  rmSync(join(root, 'turned'));
  mkdirSync(join(root, 'turned'));
  chmodSync(join(root, 'emptied'), 0o700);
  rmSync(join(root, 'emptied/a'));
  writeFileSync(join(root, 'passing'), '');
  rmSync(join(root, 'passing'));
}

const expected = [
  'modified /emptied',
  'deleted /emptied/a',
  'modified /etc',
  'added /etc/new',
  'modified /etc/passwd',
  'deleted /gone',
  'added /made',
  'added /made/deep',
  'added /made/deep/file',
  'modified /replaced',
  'added /replaced/new',
  'deleted /replaced/old',
  'modified /turned',
];

function overlay(id: string): string {
  const lower = makeLower();
  const [upper, work, target] = ['upper-', 'work-', 'merged-'].map((prefix) => mkdtempSync(join(folder, prefix))) as [
    string,
    string,
    string,
  ];
  native().mount('overlay', target, 'overlay', 0, `lowerdir=${lower},upperdir=${upper},workdir=${work}`);
  mounts.push(target);
  roots.set(id, { path: target, changesDirectory: upper, lowerDirectories: [lower], mountTargets: ['/proc', '/etc/hosts', '/dev'] });
  return target;
}

const list = async (id: string): Promise<string[]> => (await files.changes(id)).map(({ kind, path }) => `${kind} ${path}`);

async function members(id: string, make: 'export' | 'changesLayer'): Promise<string[]> {
  const paths: string[] = [];
  const reader = createTarReader({
    onEntry: (entry) => paths.push(entry.path.toString()),
    onData: () => undefined,
    onEntryEnd: () => undefined,
  });
  reader.push(await buffer(await files[make](id)));
  reader.end();
  return paths;
}

describe('changes', () => {
  it('are none when nothing was written', async () => {
    overlay('fresh');
    expect(await list('fresh')).toEqual([]);
  });

  it('of an overlay are what its upper directory says', async () => {
    change(overlay('overlay'));
    expect(await list('overlay')).toEqual(expected);
  });

  it('of a plain copy are found by comparing', async () => {
    const lower = makeLower();
    const copy = mkdtempSync(join(folder, 'copy-'));
    cpSync(lower, copy, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    native().lutimes(join(copy, 'same'), 0n, lstatSync(join(lower, 'same'), { bigint: true }).mtimeNs);
    // cp keeps times to the microsecond only.
    for (const path of ['etc/passwd', 'etc/hosts', 'etc/sub/x', 'gone', 'emptied/a', 'emptied/b', 'replaced/old', 'turned']) {
      native().lutimes(join(copy, path), 0n, lstatSync(join(lower, path), { bigint: true }).mtimeNs);
    }
    roots.set('copy', { path: copy, lowerDirectories: [lower], mountTargets: [] });
    change(copy);
    expect(await list('copy')).toEqual(expected);
  });

  it('leave out what was made to mount something on', async () => {
    const root = overlay('mounted');
    mkdirSync(join(root, 'dev/pts'), { recursive: true });
    writeFileSync(join(root, 'etc/hosts'), '');
    expect(await list('mounted')).toEqual([]);
  });

  it('become a layer with whiteouts', async () => {
    const root = overlay('layer');
    change(root);
    expect(await members('layer', 'changesLayer')).toEqual([
      'emptied/',
      'emptied/.wh.a',
      'etc/',
      'etc/new',
      'etc/passwd',
      '.wh.gone',
      'made/',
      'made/deep/',
      'made/deep/file',
      'replaced/',
      'replaced/new',
      'replaced/.wh.old',
      'turned/',
    ]);
  });

  it('follow a renamed directory as an added and a deleted one', async () => {
    const root = overlay('renamed');
    try {
      renameSync(join(root, 'etc/sub'), join(root, 'moved'));
    } catch (error) {
      // Overlay refuses to rename a directory of the image (redirect_dir=off); programs then copy.
      expect(error).toMatchObject({ code: 'EXDEV' });
      cpSync(join(root, 'etc/sub'), join(root, 'moved'), { recursive: true });
      rmSync(join(root, 'etc/sub'), { recursive: true });
    }
    expect(await list('renamed')).toEqual(['modified /etc', 'deleted /etc/sub', 'added /moved', 'added /moved/x']);
  });
});

describe('export', () => {
  it('has everything of the root, and mounts only as what they lie on', async () => {
    const root = overlay('export');
    const volume = mkdtempSync(join(folder, 'volume-'));
    writeFileSync(join(volume, 'precious'), '');
    for (const target of ['etc/sub', 'emptied']) {
      native().mount(volume, join(root, target), '', mountFlags['bind'] ?? 0, '');
      mounts.unshift(join(root, target));
    }
    expect(await members('export', 'export')).toEqual([
      'emptied/',
      'etc/',
      'etc/hosts',
      'etc/passwd',
      'etc/sub/',
      'gone',
      'link',
      'proc/',
      'replaced/',
      'replaced/old',
      'same',
      'turned',
    ]);
  });
});
