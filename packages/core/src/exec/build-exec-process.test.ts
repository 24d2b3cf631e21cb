import { describe, expect, test } from 'vitest';
import type { ExecCreateRequest } from '../engine/engine.ts';
import type { OciProcess } from '../oci/runtime-spec.ts';
import type { RootfsReader } from '../spec/spec-mutator.ts';
import { buildExecProcess } from './build-exec-process.ts';

const base: OciProcess = {
  args: ['main'],
  cwd: '/srv',
  env: ['PATH=/bin', 'HOME=/root', 'A=1'],
  user: { uid: 0, gid: 0 },
  capabilities: { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'], inheritable: [], ambient: [] },
  consoleSize: { height: 1, width: 1 },
  apparmorProfile: 'profile',
};
const files: Readonly<Record<string, string>> = {
  '/etc/passwd': 'root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n',
  '/etc/group': 'root:x:0:\napp:x:1001:\nextra:x:1002:app\n',
};
const rootfs: RootfsReader = {
  readFile: async (path) => (files[path] === undefined ? undefined : Buffer.from(files[path])),
  stat: async () => undefined,
  resolve: async (path) => path,
};
const build = async (request: Partial<ExecCreateRequest>): Promise<OciProcess> =>
  await buildExecProcess({
    base,
    request: { command: ['run', 'it'], ...request },
    rootfs,
    hostCapabilities: ['CAP_KILL', 'CAP_SYS_ADMIN'],
  });

describe('the process of an exec', () => {
  test('has from the container what it does not say itself', async () => {
    expect(await build({})).toEqual({
      args: ['run', 'it'],
      cwd: '/srv',
      env: base.env,
      user: { uid: 0, gid: 0 },
      capabilities: base.capabilities,
      apparmorProfile: 'profile',
      terminal: false,
    });
  });

  test('puts its own variables in the place of those that the container has, and unsets bare names', async () => {
    expect((await build({ env: ['A=2', 'B=3', 'PATH'] })).env).toEqual(['HOME=/root', 'A=2', 'B=3']);
  });

  test('of a user has the ids, the groups and the home that the container’s files say, and no capability to use', async () => {
    const process = await build({ user: 'app' });
    expect(process.user).toEqual({ uid: 1000, gid: 1001, additionalGids: [1001, 1002] });
    expect(process.env).toContain('HOME=/home/app');
    expect(process.capabilities).toMatchObject({ bounding: ['CAP_KILL'], effective: [], permitted: [] });
  });

  test('of an unknown user is refused', async () => {
    await expect(build({ user: 'nobody-here' })).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('with privileges has all that this machine can give', async () => {
    const process = await build({ privileged: true });
    expect(process.capabilities?.effective).toEqual(['CAP_KILL', 'CAP_SYS_ADMIN']);
    expect(process.apparmorProfile).toBeUndefined();
  });

  test('with a terminal has a TERM unless one was given', async () => {
    expect((await build({ tty: true })).env).toContain('TERM=xterm');
    expect((await build({ tty: true, env: ['TERM=vt100'] })).env).toContain('TERM=vt100');
    expect((await build({ tty: true, env: ['TERM=vt100'] })).env).not.toContain('TERM=xterm');
  });

  test.each(['relative', '/proc/self/fd/7', '//proc/1/cwd', '/./proc/self/fd/3', '/tmp/../proc/thread-self/root'])(
    'in the working directory %s is refused',
    async (workingDir) => {
      await expect(build({ workingDir })).rejects.toMatchObject({ code: 'invalid-argument' });
    },
  );
});
