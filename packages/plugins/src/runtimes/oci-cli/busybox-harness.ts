import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bundle, Logger, OciSpec } from '@jocker/core';
import type { BundleOptions, RuntimeBackendHarness } from '@jocker/core/testing';
import { createOciCliBackend } from './oci-cli-backend.ts';
import type { RuntimeCommandLine } from './runtime-command-line.ts';

const applets = ['sh', 'cat', 'echo', 'sleep', 'true', 'false', 'head', 'tail', 'stty', 'env', 'id', 'mkdir', 'grep', 'ls'];
const silent = (): void => undefined;
const log: Logger = { debug: silent, info: silent, warn: silent, error: silent };

/** For tests: a real runtime over a root file system that is one static busybox, everything below one temporary folder. */
export async function createBusyboxHarness(
  commandLine: RuntimeCommandLine,
  change: (spec: OciSpec) => void = silent,
): Promise<RuntimeBackendHarness & { readonly directory: string; readonly engineId: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'jocker-rt-'));
  const engineId = randomBytes(6).toString('hex');
  const image = join(directory, 'image');
  await makeRootfs(image);
  return {
    directory,
    engineId,
    createBackend: () => createOciCliBackend({ commandLine, directory: join(directory, 'run'), engineId, log }),
    async bundle(id, options) {
      const bundleDirectory = join(directory, 'bundles', id);
      await mkdir(join(bundleDirectory, 'rootfs'), { recursive: true });
      const spec = busyboxSpec(join(bundleDirectory, 'rootfs'), options);
      change(spec);
      const bundle: Bundle = {
        directory: bundleDirectory,
        spec,
        rootfs: [{ type: 'bind', source: image, options: ['rbind', 'rw'] }],
        tty: options.tty ?? false,
        openStdin: options.openStdin ?? false,
        stdinOnce: options.stdinOnce ?? false,
        logPath: join(directory, `${id.slice(0, 12)}.log`),
      };
      return bundle;
    },
    async leftovers(id) {
      await untilMonitorIsGone(id);
      return (await Promise.all([findNames('/sys/fs/cgroup', id, 5), findNames(join(directory, 'run'), id, 3)])).flat();
    },
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

async function makeRootfs(image: string): Promise<void> {
  for (const name of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp']) await mkdir(join(image, name), { recursive: true });
  await copyFile('/bin/busybox', join(image, 'bin/busybox'));
  for (const applet of applets) await symlink('busybox', join(image, 'bin', applet));
  await writeFile(join(image, 'etc/not-executable'), 'text\n', { mode: 0o644 });
}

function busyboxSpec(root: string, options: BundleOptions): OciSpec {
  const all = ['CAP_KILL', 'CAP_SETUID', 'CAP_SETGID', 'CAP_DAC_OVERRIDE'];
  return {
    ociVersion: '1.0.2',
    root: { path: root },
    hostname: 'busybox',
    process: {
      args: [...options.args],
      cwd: '/',
      env: ['PATH=/bin'],
      user: { uid: 0, gid: 0 },
      terminal: options.tty ?? false,
      capabilities: { bounding: all, effective: all, permitted: all, inheritable: [], ambient: [] },
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
      },
    ],
    linux: {
      namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'ipc' }, { type: 'uts' }, { type: 'network' }],
      ...(options.resources === undefined ? {} : { resources: options.resources }),
    },
  };
}

async function findNames(directory: string, part: string, depth: number): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const below = entries.map(async (entry) => {
    const path = join(directory, entry.name);
    if (entry.name.includes(part)) return [path];
    return entry.isDirectory() && depth > 0 ? await findNames(path, part, depth - 1) : [];
  });
  return (await Promise.all(below)).flat();
}

/** It ends by itself a moment after it has written the exit down. */
async function untilMonitorIsGone(id: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    if (!lines.some((line) => line.includes(id))) return;
    await delay(20);
  }
  throw new Error(`a process of container ${id} is still there`);
}
