import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mountFlags, native } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'jocker-native-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inRoot = 0x10;
const beneath = 0x08;

describe('extended attributes', () => {
  const path = join(folder, 'attributes');
  writeFileSync(path, '');

  it('keep every byte of their value', () => {
    const value = Buffer.from([0x01, 0x00, 0x00, 0x02, 0x00, 0x20, 0xff, 0x80]);
    native().lsetxattr(path, 'trusted.bytes', value);
    expect(native().lgetxattr(path, 'trusted.bytes')).toEqual(value);
  });

  it('may be empty, are listed and removed', () => {
    native().lsetxattr(path, Buffer.from('user.empty'), Buffer.alloc(0));
    expect(native().lgetxattr(Buffer.from(path), 'user.empty')).toEqual(Buffer.alloc(0));
    expect(native().llistxattr(path).map(String)).toContain('user.empty');
    native().lremovexattr(path, 'user.empty');
    expect(native().llistxattr(path).map(String)).not.toContain('user.empty');
  });

  it('throw ENODATA when absent', () => {
    expect(() => native().lgetxattr(path, 'user.none')).toThrow(expect.objectContaining({ code: 'ENODATA' }));
  });
});

describe('mknod, lchmod and lutimes', () => {
  it('make a character device 0:0, which overlay takes for a whiteout', () => {
    const path = join(folder, 'whiteout');
    native().mknod(path, constants.S_IFCHR, 0, 0);
    const stat = lstatSync(path);
    expect([stat.isCharacterDevice(), stat.rdev]).toEqual([true, 0]);
  });

  it('keep large device numbers and make FIFOs', () => {
    const device = join(folder, 'device');
    native().mknod(device, constants.S_IFBLK | 0o600, 259, 70_000);
    // The layout of dev_t is glibc's.
    expect(lstatSync(device).rdev).toBe((259 << 8) | (70_000 & 0xff) | ((70_000 & ~0xff) << 12));
    const fifo = join(folder, 'fifo');
    native().mknod(fifo, constants.S_IFIFO | 0o600, 0, 0);
    expect(lstatSync(fifo).isFIFO()).toBe(true);
  });

  it('change the mode of a file, and never through a symlink', () => {
    const file = join(folder, 'mode');
    const link = join(folder, 'mode-link');
    writeFileSync(file, '');
    symlinkSync(file, link);
    native().lchmod(file, 0o4711);
    expect(() => native().lchmod(link, 0o777)).toThrow(expect.objectContaining({ code: 'EOPNOTSUPP' }));
    expect(lstatSync(file).mode & 0o7777).toBe(0o4711);
  });

  it('set times of a symlink itself, to the nanosecond and before 1970', () => {
    const link = join(folder, 'link');
    symlinkSync('nowhere', link);
    native().lutimes(link, 0n, 1_700_000_000_123_456_789n);
    expect(lstatSync(link, { bigint: true }).mtimeNs).toBe(1_700_000_000_123_456_789n);
    native().lutimes(link, 0n, -1_500_000_001n);
    expect(lstatSync(link, { bigint: true }).mtimeNs).toBe(-1_500_000_001n);
  });
});

describe('openat2', () => {
  const root = join(folder, 'root');
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), 'the inner one');
  symlinkSync('/etc/passwd', join(root, 'absolute'));
  symlinkSync('../../../../etc/passwd', join(root, 'upwards'));
  const directory = (): number => openSync(root, 'r');

  it.each(['absolute', 'upwards', '../../etc/passwd'])('resolves %s inside the root', (path) => {
    const root_ = directory();
    const fd = native().openat2(root_, path, constants.O_RDONLY, 0, inRoot);
    expect(readFileSync(fd, 'utf8')).toBe('the inner one');
    closeSync(fd);
    closeSync(root_);
  });

  it('refuses what leads out with RESOLVE_BENEATH', () => {
    const root_ = directory();
    expect(() => native().openat2(root_, 'absolute', constants.O_RDONLY, 0, beneath)).toThrow(expect.objectContaining({ code: 'EXDEV' }));
    closeSync(root_);
  });

  it('takes names that are not UTF-8', () => {
    const root_ = directory();
    const name = Buffer.from([0x66, 0xff, 0xfe]);
    const created = native().openat2(root_, name, constants.O_CREAT | constants.O_WRONLY, 0o600, beneath);
    writeSync(created, 'x');
    closeSync(created);
    expect(readFileSync(Buffer.concat([Buffer.from(`${root}/`), name]), 'utf8')).toBe('x');
    closeSync(root_);
  });
});

describe('mounts', () => {
  it('are made and taken away', () => {
    const target = mkdtempSync(join(folder, 'mount-'));
    native().mount('tmpfs', target, 'tmpfs', mountFlags['nosuid'] ?? 0, 'size=1m');
    try {
      writeFileSync(join(target, 'inside'), '');
    } finally {
      native().unmount(target, 2);
    }
    expect(() => lstatSync(join(target, 'inside'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it('stack an overlay of more layers than fit into one option string', () => {
    const layers = Array.from({ length: 100 }, (_, index) => {
      const layer = join(folder, `layer-${String(index).padStart(60, '0')}`);
      mkdirSync(layer);
      writeFileSync(join(layer, `file-${index}`), '');
      return layer;
    });
    const [upper, work, target] = ['upper', 'work', 'merged'].map((name) => mkdtempSync(join(folder, name)));
    native().mountOverlay(target ?? '', { lower: layers, upper: upper ?? '', work: work ?? '', extra: ['index=off'] });
    try {
      expect(lstatSync(join(target ?? '', 'file-0')).isFile()).toBe(true);
      expect(lstatSync(join(target ?? '', 'file-99')).isFile()).toBe(true);
    } finally {
      native().unmount(target ?? '', 2);
    }
  });

  it("give the kernel's own reason when an overlay fails", () => {
    expect(() => native().mountOverlay(folder, { lower: [folder], extra: ['nonsense'] })).toThrow(
      /EINVAL.*overlay: Unknown parameter 'nonsense'/,
    );
  });
});

describe('descriptors', () => {
  it('are locked by one holder at a time', () => {
    const path = join(folder, 'lock');
    const [first, second] = [openSync(path, 'w'), openSync(path, 'w')];
    expect([native().tryLock(first), native().tryLock(second)]).toEqual([true, false]);
    closeSync(first);
    expect(native().tryLock(second)).toBe(true);
    closeSync(second);
  });

  it('are synced on the thread pool, and a bad one rejects', async () => {
    const fd = openSync(folder, 'r');
    await native().syncfs(fd);
    closeSync(fd);
    await expect(native().syncfs(-1)).rejects.toMatchObject({ code: 'EBADF', syscall: 'syncfs' });
  });

  it('of a terminal take a window size', () => {
    const terminal = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
    native().setWindowSize(terminal, 133, 40);
    closeSync(terminal);
    const file = openSync(join(folder, 'lock'), 'r');
    expect(() => native().setWindowSize(file, 80, 24)).toThrow(expect.objectContaining({ code: 'ENOTTY' }));
    closeSync(file);
  });

  it('of a pipe are closed on exec', () => {
    const [reader, writer] = native().pipe();
    expect(readFileSync(`/proc/self/fdinfo/${reader}`, 'utf8')).toMatch(/flags:\s*02000000/);
    expect(readlinkSync(`/proc/self/fd/${writer}`)).toMatch(/^pipe:/);
    closeSync(reader);
    closeSync(writer);
  });
});

describe('setChildSubreaper', () => {
  it('makes orphans of the descendants children of this process', async () => {
    const calls = native();
    const [input, hold] = calls.pipe();
    const [output, writer] = calls.pipe();
    calls.setChildSubreaper(true);
    try {
      // Descriptor 3 holds it: a shell gives its background jobs /dev/null as stdin.
      const script = 'cat <&3 >/dev/null & echo $!';
      const child = calls.spawn({
        file: '/bin/sh',
        args: ['sh', '-c', script],
        env: ['PATH=/usr/bin:/bin'],
        descriptors: ['null', writer, null, input],
      });
      await child.exited;
      const orphan = Buffer.alloc(20);
      const pid = orphan.toString('utf8', 0, readSync(output, orphan)).trim();
      expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toContain(`\nPPid:\t${process.pid}\n`);
    } finally {
      calls.setChildSubreaper(false);
      for (const fd of [input, hold, output, writer]) closeSync(fd);
    }
  });
});
