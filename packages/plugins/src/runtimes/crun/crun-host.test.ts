import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildExecProcess, createRootfsReader, readLog, readStats, top, type Bundle, type RuntimeBackend } from '@jocker/core';
import { createBusyboxHarness } from '../oci-cli/busybox-harness.ts';
import { crunCommandLine } from './crun.ts';

const silent = (): void => undefined;
const context = { signal: new AbortController().signal, log: { debug: silent, info: silent, warn: silent, error: silent } };
const mkdirDenied = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
};

const speaking = (program: string): string[] => ['sh', '-c', `echo ready; exec ${program}`];

describe('a container under crun, seen from the host', () => {
  let harness: Awaited<ReturnType<typeof createBusyboxHarness>>;
  let backend: RuntimeBackend & Partial<AsyncDisposable>;
  const made: [string, Bundle][] = [];

  beforeAll(async () => {
    harness = await createBusyboxHarness(crunCommandLine, (spec) => {
      spec.linux.seccomp = mkdirDenied;
    });
    backend = harness.createBackend();
  });
  afterAll(async () => {
    for (const [id, bundle] of made) await backend?.delete(id, bundle, { force: true }, context);
    await backend?.[Symbol.asyncDispose]?.();
    await harness?.close();
  });
  const run = async (): Promise<{ id: string; pid: number; bundle: Bundle }> => {
    const id = randomBytes(32).toString('hex');
    const bundle = await harness.bundle(id, {
      args: speaking('sleep 1000'),
      resources: { memory: { limit: 64 << 20 }, pids: { limit: 20 } },
    });
    made.push([id, bundle]);
    const { pid } = await backend.create(id, bundle, context);
    await backend.start(id, bundle, context);
    // From its first word on it is the program, and no longer the runtime on its way there.
    for await (const _entry of readLog({ containerId: id, path: bundle.logPath ?? '', followUntil: new Promise(() => undefined) })) break;
    return { id, pid, bundle };
  };
  const exec = async (id: string, bundle: Bundle, process: Bundle['spec']['process']): Promise<string> => {
    const started = await backend.exec(id, bundle, { execId: 'x', tty: false, openStdin: false, process }, context);
    let text = '';
    started.stderr?.on('data', (chunk) => (text += String(chunk)));
    for await (const chunk of started.stdout) text += String(chunk);
    await started.exited;
    return text;
  };

  test('counts what it uses, within its limits, and lists its processes, execs too', async () => {
    const { id, pid, bundle } = await run();
    const process = { ...bundle.spec.process, args: speaking('sleep 2000') };
    const other = await backend.exec(id, bundle, { execId: 'y', tty: false, openStdin: false, process }, context);
    await once(other.stdout, 'data');
    const stats = await readStats({ id, name: 'web', pid });
    expect(stats).toMatchObject({ memory: { limitBytes: 64 << 20 }, pids: { limit: 20 } });
    expect(stats.memory.usageBytes).toBeGreaterThan(0);
    expect(stats.cpu.totalNs).toBeGreaterThan(0);
    expect(stats.pids.current).toBeGreaterThanOrEqual(2);
    const { processes } = await top({ id, name: 'web', pid }, '-o pid,ppid,args');
    expect(processes).toContainEqual([String(pid), expect.any(String), expect.stringContaining('sleep 1000')]);
    expect(processes).toContainEqual([String(other.pid), expect.any(String), expect.stringContaining('sleep 2000')]);
    await backend.update(id, { memory: { limit: 48 << 20 } }, context);
    expect((await readStats({ id, name: 'web', pid })).memory.limitBytes).toBe(48 << 20);
  });

  test('is held by its seccomp profile at the first start and, compiled already, at the second, and so are its execs', async () => {
    for (const attempt of ['first', 'second']) {
      const { id, pid, bundle } = await run();
      expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^Seccomp:\s+2$/m);
      expect(await exec(id, bundle, { ...bundle.spec.process, args: ['mkdir', `/tmp/${attempt}`] })).toContain('Operation not permitted');
    }
    const [, [, second] = []] = made.slice(-2);
    expect(await readFile(`${second?.directory}/config.json`, 'utf8')).toContain('run.oci.seccomp_bpf_data');
  });

  test('lets an exec of another user open its own output by name', async () => {
    const { id, pid, bundle } = await run();
    const process = await buildExecProcess({
      base: bundle.spec.process,
      request: { command: ['sh', '-c', 'id -u; echo by-name > /proc/self/fd/1'], user: '1000:1000' },
      rootfs: createRootfsReader([`/proc/${pid}/root`]),
      hostCapabilities: [],
    });
    expect(await exec(id, bundle, process)).toBe('1000\nby-name\n');
  });

  test('leaves no mount of its root file system on the host', async () => {
    const { bundle } = await run();
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(bundle.directory);
  });
});
