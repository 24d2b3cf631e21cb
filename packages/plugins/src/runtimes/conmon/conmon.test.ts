import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bundle, RuntimeBackend } from '@jocker/core';
import { crunCommandLine } from '../crun/crun.ts';
import { createBusyboxHarness } from '../oci-cli/busybox-harness.ts';
import { createOciCliBackend } from '../oci-cli/oci-cli-backend.ts';
import { bundleFiles } from './bundle-files.ts';

const silent = (): void => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };
const context = { signal: new AbortController().signal, log };

describe('the monitor', () => {
  let harness: Awaited<ReturnType<typeof createBusyboxHarness>>;
  let backend: RuntimeBackend & Partial<AsyncDisposable>;
  const made: [string, Bundle][] = [];

  beforeAll(async () => {
    harness = await createBusyboxHarness(crunCommandLine);
    backend = harness.createBackend();
  });
  afterAll(async () => {
    for (const [id, bundle] of made) await backend?.delete(id, bundle, { force: true }, context);
    await backend?.[Symbol.asyncDispose]?.();
    await harness?.close();
  });
  const prepare = async (args: readonly string[], change: Partial<Bundle> = {}): Promise<{ id: string; bundle: Bundle }> => {
    const id = randomBytes(32).toString('hex');
    const bundle = { ...(await harness.bundle(id, { args })), ...change };
    made.push([id, bundle]);
    return { id, bundle };
  };

  test('that is killed leaves an unknown exit, and no process behind', async () => {
    const { id, bundle } = await prepare(['sleep', '1000']);
    const { pid } = await backend.create(id, bundle, context);
    await backend.start(id, bundle, context);
    process.kill(Number(await readFile(bundleFiles(bundle.directory).monitorPid, 'utf8')), 'SIGKILL');
    expect(await backend.exit(id, bundle, context)).toMatchObject({ exitCode: 255, unknown: true });
    await backend.delete(id, bundle, { force: true }, context);
    expect(await harness.leftovers(id)).toEqual([]);
    await expect(readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).resolves.not.toContain('sleep');
  });

  test('does without a log', async () => {
    const { id, bundle } = await prepare(['echo', 'said'], { logPath: undefined });
    await backend.create(id, bundle, context);
    await using streams = await backend.attach(id, bundle, context);
    await backend.start(id, bundle, context);
    let said = '';
    for await (const chunk of streams.output) said += chunk.data.toString();
    expect(said).toBe('said\n');
    expect(await backend.exit(id, bundle, context)).toMatchObject({ exitCode: 0 });
  });

  test('is reached where the path of its socket is longer than an address may be', async () => {
    const id = randomBytes(32).toString('hex');
    const short = await harness.bundle(id, { args: ['echo', 'said'] });
    const directory = join(harness.directory, 'a'.repeat(100), 'b'.repeat(100), id);
    await mkdir(join(directory, 'rootfs'), { recursive: true });
    const bundle = { ...short, directory, spec: { ...short.spec, root: { path: join(directory, 'rootfs') } } };
    made.push([id, bundle]);
    await backend.create(id, bundle, context);
    await using streams = await backend.attach(id, bundle, context);
    await backend.start(id, bundle, context);
    let said = '';
    for await (const chunk of streams.output) said += chunk.data.toString();
    expect(said).toBe('said\n');
  });

  test('of a create that is given up ends, with the runtime that hangs in it', async () => {
    const runtime = join(harness.directory, 'hanging-runtime');
    await writeFile(runtime, '#!/bin/sh\nexec sleep 1000\n');
    await chmod(runtime, 0o755);
    await using hanging = createOciCliBackend({
      commandLine: crunCommandLine,
      directory: join(harness.directory, 'hanging'),
      engineId: harness.engineId,
      log,
      runtimePath: runtime,
    });
    const { id, bundle } = await prepare(['true']);
    const controller = new AbortController();
    const creating = hanging.create(id, bundle, { signal: controller.signal, log });
    setTimeout(() => controller.abort(), 200);
    await expect(creating).rejects.toMatchObject({ name: 'AbortError' });
    expect(await harness.leftovers(id)).toEqual([]);
  });

  test('serves many containers at once, each with its own exit code', async () => {
    const codes = Array.from({ length: 12 }, (_, index) => index + 1);
    const ended = await Promise.all(
      codes.map(async (code) => {
        const { id, bundle } = await prepare(['sh', '-c', `exit ${code}`]);
        await backend.create(id, bundle, context);
        await backend.start(id, bundle, context);
        return (await backend.exit(id, bundle, context)).exitCode;
      }),
    );
    expect(ended).toEqual(codes);
  });
});
