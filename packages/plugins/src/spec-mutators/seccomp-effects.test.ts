import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSpec, createRootfsReader, readHostFacts, specPermissions, type CreateRequest } from '@jocker/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtInMutators } from './spec-mutators.ts';
import { compileProbe, parseErrors } from './testing/syscall-probe.ts';

const run = promisify(execFile);
const [eperm, einval, enosys] = [1, 22, 38];

let folder: string;
let program: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jocker-seccomp-'));
  program = await compileProbe(folder);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What the calls answer inside a real container. */
async function errorsIn(request: Partial<CreateRequest>): Promise<Record<string, number>> {
  const id = `jocker-probe-${randomBytes(6).toString('hex')}`;
  const bundle = join(folder, id);
  const state = join(bundle, 'state');
  await mkdir(join(bundle, 'rootfs'), { recursive: true });
  await mkdir(state);
  await copyFile(program, join(bundle, 'rootfs', 'probe'));
  const { spec } = await buildSpec({
    containerId: id,
    request: { image: 'probe', command: ['/probe'], ...request },
    image: { reference: 'probe', config: {} },
    host: await readHostFacts(),
    mutators: builtInMutators.map((mutator) => ({ mutator, plugin: 'spec-mutators', permissions: specPermissions })),
    stateDirectory: state,
    rootfs: createRootfsReader([join(bundle, 'rootfs')]),
    context: { signal: new AbortController().signal, log: { debug() {}, info() {}, warn() {}, error() {} } },
  });
  // Below the root group: nothing is left when the container is gone.
  spec.linux.cgroupsPath = `/${id}`;
  await writeFile(join(bundle, 'config.json'), JSON.stringify(spec));
  const root = join(folder, 'runc');
  try {
    const { stdout } = await run('runc', ['--root', root, 'run', '--bundle', bundle, id], { timeout: 60_000 });
    return parseErrors(stdout);
  } finally {
    await run('runc', ['--root', root, 'delete', '--force', id]).catch(() => undefined);
  }
}

test('the default profile denies by effect what no container needs, and nothing else', async () => {
  expect(await errorsIn({})).toEqual({
    getpid: 0,
    'socket of AF_INET': 0,
    'socket of AF_ALG': eperm,
    'socket of AF_VSOCK': eperm,
    clone3: enosys,
    io_uring_setup: eperm,
    'unshare of a user namespace': eperm,
    'unshare of a mount namespace': eperm,
    keyctl: eperm,
    userfaultfd: eperm,
    'personality as a question': 0,
    'personality without address randomization': eperm,
    'ptrace of itself': 0,
  });
});

test('CAP_SYS_ADMIN opens namespaces and clone3, and none of the rest', async () => {
  expect(await errorsIn({ capAdd: ['SYS_ADMIN'] })).toMatchObject({
    clone3: einval,
    'unshare of a user namespace': 0,
    'unshare of a mount namespace': 0,
    'socket of AF_ALG': eperm,
    io_uring_setup: eperm,
  });
});

test('without a profile it was the kernel alone that answered', async () => {
  const errors = await errorsIn({ seccomp: 'unconfined' });
  expect(errors).toMatchObject({ clone3: einval, 'personality without address randomization': 0 });
  expect(errors['socket of AF_ALG']).not.toBe(eperm);
});
