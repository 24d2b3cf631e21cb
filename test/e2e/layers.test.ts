import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createTarReader, type TarEntry } from '@jocker/core';
import { busyboxEntries, writeImageLayout, type FixtureEntry } from '@jocker/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const run = promisify(execFile);
const long = `long/${'d'.repeat(120)}/${'e'.repeat(120)}/${'f'.repeat(100)}`;
/** cap_net_bind_service=ep, revision 2: as setcap writes it. */
const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
const mtimeNs = 1_600_000_000_123_456_789n;

/** What each layer says; the comments name what the next ones do to it. */
const first: readonly FixtureEntry[] = [
  { path: 'data/' },
  { path: 'data/kept', content: 'kept', mode: 0o640, uid: 1000, gid: 2000, mtimeNs },
  { path: 'data/removed', content: 'x' }, // by a whiteout
  { path: 'data/replaced', content: 'a file' }, // by a directory
  { path: 'opaque/' }, // emptied
  { path: 'opaque/lower', content: 'x' },
  { path: 'opaque/deep/' },
  { path: 'opaque/deep/lower', content: 'x' },
  { path: 'link-to-data', type: 'symlink', linkPath: 'data', mode: 0o777 }, // written through
  { path: 'tree/' },
  { path: 'tree/child', content: 'x' }, // the whole tree goes
];
const second: readonly FixtureEntry[] = [
  { path: 'data/.wh.removed' },
  { path: 'data/replaced/' },
  { path: 'data/replaced/inside', content: 'inside' },
  { path: 'opaque/upper', content: 'upper' }, // before its own opaque mark
  { path: 'opaque/.wh..wh..opq' },
  { path: 'link-to-data/through', content: 'through' },
  { path: '.wh.tree' },
  { path: 'suid', content: 'suid', mode: 0o4755 },
  { path: 'sgid/', mode: 0o2775, gid: 50 },
  { path: 'sticky/', mode: 0o1777 },
  { path: 'capable', content: 'capable', mode: 0o755, xattrs: { 'security.capability': capability } },
  { path: 'noted', content: 'noted', xattrs: { 'user.note': Buffer.from([0, 255, 10]) } },
];
const third: readonly FixtureEntry[] = [
  { path: 'twin-a', content: 'twins', mode: 0o600 },
  { path: 'twin-b', type: 'hardlink', linkPath: 'twin-a', mode: 0o600 },
  { path: 'grüße/' },
  { path: 'grüße/日本語 🚢', content: 'unicode' },
  { path: Buffer.from([0x62, 0x79, 0x74, 0x65, 0xff, 0xfe]), content: 'not UTF-8' },
  { path: long, content: 'long' },
  { path: 'absolute', type: 'symlink', linkPath: '/data/kept', mode: 0o777 },
  { path: 'dangling', type: 'symlink', linkPath: '../../../nowhere', mode: 0o777 },
  { path: 'pipe', type: 'fifo', mode: 0o622 },
  { path: 'old', content: 'old', mtimeNs: -1_000_000_001n },
  { path: 'twice', content: 'first' },
  { path: 'twice', content: 'second', mode: 0o600 },
];

interface Seen {
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly content: string;
  readonly link: string;
  readonly mtimeNs: bigint;
  readonly xattrs: readonly (readonly [string, string])[];
}

let daemon: TestDaemon;
let registry: TestRegistry;
let base: readonly FixtureEntry[];

beforeAll(async () => {
  registry = await startRegistry();
  daemon = await startDaemon();
  const layout = join(daemon.directory, 'layout');
  base = (await busyboxEntries()).filter((entry) => entry.path !== 'root/');
  await writeImageLayout(layout, [
    {
      tag: 'layers',
      config: { Cmd: ['sh'] },
      layers: [{ entries: [...base, ...first] }, { entries: second, compression: 'zstd' }, { entries: third, compression: 'none' }],
    },
  ]);
  await run('skopeo', [
    'copy',
    '--quiet',
    '--insecure-policy',
    '--dest-tls-verify=false',
    `oci:${layout}:layers`,
    `docker://${registry.host}/layers:1`,
  ]);
  await daemon.client.images.pull(`${registry.host}/layers:1`);
}, 120_000);

afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

/** The root file system of a container that never ran, by path (latin1). */
async function exported(): Promise<ReadonlyMap<string, Seen>> {
  const { id } = await daemon.client.containers.create({ image: `${registry.host}/layers:1` });
  const tree = new Map<string, Seen>();
  let entry: TarEntry | undefined;
  let content: Buffer[] = [];
  const reader = createTarReader({
    onEntry(next) {
      entry = next;
      content = [];
    },
    onData: (piece) => void content.push(Buffer.from(piece)),
    onEntryEnd() {
      if (entry === undefined) return;
      tree.set(entry.path.toString('latin1').replace(/\/$/, ''), {
        type: entry.type,
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        content: Buffer.concat(content).toString(),
        link: entry.linkPath.toString(),
        mtimeNs: entry.mtimeNs,
        xattrs: [...entry.xattrs].map(([name, value]) => [name, value.toString('hex')] as const),
      });
    },
  });
  for await (const chunk of await daemon.client.containers.export(id)) reader.push(chunk as Buffer);
  reader.end();
  await daemon.client.containers.remove(id);
  return tree;
}

const plainNs = 1_700_000_000_000_000_000n;
const expected = (over: Partial<Seen>): Seen => ({
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  content: '',
  link: '',
  mtimeNs: plainNs,
  xattrs: [],
  ...over,
});
const parentsOf = (name: string): string[] => name.split('/').map((_, index, parts) => parts.slice(0, index).join('/'));
const path = (text: string): string => Buffer.from(text).toString('latin1');

describe('an image of three layers, pushed by skopeo and pulled', () => {
  let tree: ReadonlyMap<string, Seen>;
  beforeAll(async () => {
    tree = await exported();
  });

  test.each<[string, Partial<Seen>]>([
    ['data/kept', { content: 'kept', mode: 0o640, uid: 1000, gid: 2000, mtimeNs }],
    ['data/replaced', { type: 'directory', mode: 0o755 }],
    ['data/replaced/inside', { content: 'inside' }],
    ['data/through', { content: 'through' }],
    ['link-to-data', { type: 'symlink', mode: 0o777, link: 'data' }],
    ['opaque/upper', { content: 'upper' }],
    ['suid', { content: 'suid', mode: 0o4755 }],
    ['sgid', { type: 'directory', mode: 0o2775, gid: 50 }],
    ['sticky', { type: 'directory', mode: 0o1777 }],
    ['capable', { content: 'capable', mode: 0o755, xattrs: [['security.capability', capability.toString('hex')]] }],
    ['noted', { content: 'noted', xattrs: [['user.note', '00ff0a']] }],
    [path('grüße/日本語 🚢'), { content: 'unicode' }],
    ['byte\u00ff\u00fe', { content: 'not UTF-8' }],
    [long, { content: 'long' }],
    ['absolute', { type: 'symlink', mode: 0o777, link: '/data/kept' }],
    ['dangling', { type: 'symlink', mode: 0o777, link: '../../../nowhere' }],
    ['pipe', { type: 'fifo', mode: 0o622 }],
    ['old', { content: 'old', mtimeNs: -1_000_000_001n }],
    ['twice', { content: 'second', mode: 0o600 }],
    ['tmp', { type: 'directory', mode: 0o1777 }],
    ['home/user', { type: 'directory', mode: 0o755, uid: 1000, gid: 1000 }],
  ])('has %s as the layers mean it', (name, intent) => {
    expect(tree.get(name)).toEqual(expected(intent));
  });

  test.each(['data/removed', 'tree', 'tree/child', 'opaque/lower', 'opaque/deep', 'link-to-data/through'])('has no %s', (name) => {
    expect(tree.has(name)).toBe(false);
  });

  test('has no whiteout left, and nothing that no layer has', () => {
    const named = [...base, ...first, ...second, ...third].map((entry) => Buffer.from(entry.path).toString('latin1').replace(/\/$/, ''));
    const meant = new Set(named.filter((name) => !name.includes('.wh.')).flatMap((name) => [name, ...parentsOf(name)]));
    const foreign = [...tree.keys()].filter((name) => !meant.has(name) && name !== 'data/through');
    expect(foreign).toEqual([]);
  });

  test('has one file under the two names of a hard link', () => {
    const [a, b] = [tree.get('twin-a'), tree.get('twin-b')];
    expect([a?.type, a?.content, b?.type, b?.link]).toEqual(['file', 'twins', 'hardlink', 'twin-a']);
  });

  test.each(['crun', 'runc'])('looks the same from inside a container of %s', async (runtime) => {
    const script =
      'stat -c "%a %u %g %n" /suid /data/kept /sgid; stat -c %h /twin-a; cat /data/through /opaque/upper; ls /opaque; readlink /absolute; [ -p /pipe ] && echo pipe';
    expect(await daemon.print(['run', '--rm', '--runtime', runtime, `${registry.host}/layers:1`, 'sh', '-c', script])).toBe(
      ['4755 0 0 /suid', '640 1000 2000 /data/kept', '2775 0 50 /sgid', '2', 'throughupperupper', '/data/kept', 'pipe'].join('\n'),
    );
  });
});
