import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRootfsReader, type CreateRequest } from '@jocker/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { build } from './testing/build.ts';

const bind = (target: string, source = '/usr'): Partial<CreateRequest> => ({ mounts: [{ type: 'bind', source, target }] });

describe('requests that are refused', () => {
  test.each<[string, Partial<CreateRequest>, string]>([
    ['no command', { command: [] }, 'no command specified'],
    ['an empty command', { command: [''] }, 'empty string'],
    ['a NUL in the command', { command: ['a\0b'] }, 'NUL'],
    ['a relative working directory', { workingDir: 'x' }, 'not absolute'],
    ['a working directory in /proc', { workingDir: '/proc/self/fd/7' }, 'leaves the container'],
    ['a working directory that is /proc in disguise', { workingDir: '/x/../proc/./self/fd/8/..' }, 'leaves the container'],
    ['env without a name', { env: ['=x'] }, 'is not K=V'],
    ['env with a NUL', { env: ['A=\0'] }, 'is not K=V'],
    ['a mount on the root', bind('/'), 'is the root itself'],
    ['a mount on the root in disguise', bind('/x/..'), 'is the root itself'],
    ['a relative mount target', bind('data'), 'is not absolute'],
    ['a mount in /proc', bind('/proc/sys'), 'is in /proc'],
    ['a mount on /proc in disguise', bind('/dev/../proc'), 'is in /proc'],
    ['a source that is not there', bind('/x', '/not/there'), 'bind source path does not exist: /not/there'],
    ['a relative source', bind('/x', './here'), 'mount source "./here" is not absolute'],
    ['two mounts on one target', { mounts: [...(bind('/x').mounts ?? []), ...(bind('/x/').mounts ?? [])] }, 'duplicate mount point /x'],
    ['a tmpfs option that is none', { mounts: [{ type: 'tmpfs', target: '/t', options: ['upperdir=/'] }] }, 'cannot have the option'],
    ['a tmpfs size that is none', { mounts: [{ type: 'tmpfs', target: '/t', options: ['size=1,exec'] }] }, 'cannot have the option'],
    ['an unknown propagation', { mounts: [{ type: 'bind', source: '/usr', target: '/x', propagation: 'viral' }] }, 'propagation "viral"'],
    ['an unknown capability', { capAdd: ['CAP_FLY'] }, 'there is no capability "CAP_FLY"'],
    ['an unknown ulimit', { ulimits: [{ name: 'dreams', soft: 1, hard: 1 }] }, 'there is no ulimit "dreams"'],
    ['a soft limit above the hard one', { ulimits: [{ name: 'nofile', soft: 2, hard: 1 }] }, 'above the hard limit'],
    ['an OOM score out of range', { oomScoreAdj: 1001 }, 'not between -1000 and 1000'],
    ['a sysctl of the host', { sysctls: { 'kernel.core_pattern': '|/bin/sh' } }, 'would change the host'],
    ['a sysctl that is a path', { sysctls: { 'net/../kernel/core_pattern': 'x' } }, 'not the name of a kernel parameter'],
    ['a sysctl that climbs', { sysctls: { 'net..x': 'x' } }, 'not the name of a kernel parameter'],
    ['a sysctl value with a second line', { sysctls: { 'net.ipv4.ip_forward': '1\nkernel.x=1' } }, 'control character'],
    ["a sysctl of the host's network", { network: 'host', sysctls: { 'net.ipv4.ip_forward': '1' } }, "host's network namespace"],
    ["a sysctl of the host's IPC", { ipcMode: 'host', sysctls: { 'kernel.msgmax': '1' } }, "host's IPC namespace"],
    ['an annotation that steers the runtime', { annotations: { 'run.oci.handler': 'wasm' } }, 'is reserved'],
    ['a hostname that is none', { hostname: 'a b' }, 'hostname "a b"'],
    ['a hostname with a line break', { hostname: 'a\nb' }, 'is not a name'],
    ["a hostname for the host's own namespace", { utsMode: 'host', hostname: 'x' }, 'UTS namespace'],
    ['an extra host without an address', { extraHosts: ['db'] }, 'is not name:address'],
    ['an extra host with a second line', { extraHosts: ['db:10.0.0.1\n6.6.6.6 bank'] }, 'is not name:address'],
    ['a DNS server that is a name', { dns: ['dns.example'] }, 'is not an IP address'],
    ['a DNS search domain with a space', { dnsSearch: ['a b'] }, 'is not a domain'],
    ['a DNS option with a line break', { dnsOptions: ['ndots:1\nnameserver 6.6.6.6'] }, 'is not an option'],
    ['a device that is not there', { devices: [{ pathOnHost: '/dev/nope', pathInContainer: '', permissions: 'rwm' }] }, 'does not exist'],
    [
      'a device that is a file',
      { devices: [{ pathOnHost: '/etc/hostname', pathInContainer: '/dev/x', permissions: 'r' }] },
      'is not a device',
    ],
    [
      'permissions that are none',
      { devices: [{ pathOnHost: '/dev/null', pathInContainer: '/dev/x', permissions: 'rx' }] },
      'not of r, w and m',
    ],
    ['a device rule that is none', { deviceCgroupRules: ['allow everything'] }, 'is not such as'],
    ['a masked path that is relative', { maskedPaths: ['etc'] }, 'is not absolute'],
  ])('%s', async (_name, request, message) => {
    await expect(build({ request: { command: ['sh'], ...request }, image: {} })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message),
    });
  });

  test('a way to the host for a container without a network is unsupported', async () => {
    await expect(build({ request: { extraHosts: ['h:host-gateway'] } })).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('a seccomp profile on a kernel without filters is unsupported, the default one is left out', async () => {
    const host = { seccomp: false };
    await expect(build({ host, request: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } } })).rejects.toMatchObject({ code: 'unsupported' });
    expect((await build({ host })).spec.linux.seccomp).toBeUndefined();
  });
});

describe('images that are refused', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'jocker-hostile-'));
  });
  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });
  const attempt = async (request: Partial<CreateRequest>, workingDir?: string): Promise<unknown> => {
    const image = { command: ['sh'], ...(workingDir === undefined ? {} : { workingDir }) };
    return await build({ request, image, rootfs: createRootfsReader([root]) });
  };
  const refusal = (message: string): object => ({ code: 'invalid-argument', message: expect.stringContaining(message) });

  test.each(['/proc', '/dev', '/sys'])('whose %s is a link', async (folder) => {
    await mkdir(join(root, 'elsewhere'));
    await symlink('/elsewhere', join(root, folder));
    await expect(attempt({})).rejects.toMatchObject(refusal(`the image's ${folder} is a symbolic link`));
  });

  test.each(['/proc/self/fd/7', '/proc/self/fd/8/', 'proc/self/cwd', '/a/../../proc/1'])('whose WORKDIR is %s', async (workingDir) => {
    await expect(attempt({}, workingDir)).rejects.toMatchObject(refusal('leaves the container'));
  });

  test('whose WORKDIR is a link into /proc', async () => {
    await symlink('/proc/self/fd', join(root, 'work'));
    await expect(attempt({}, '/work/9')).rejects.toMatchObject(refusal('leaves the container'));
  });

  test('where a mount would follow a link out of the root', async () => {
    await symlink('../../../../etc', join(root, 'data'));
    await expect(attempt(bind('/data/cron.d'))).rejects.toMatchObject(refusal("leaves the container's root file system"));
  });

  test('where a mount would follow a link into /proc', async () => {
    await symlink('/proc', join(root, 'data'));
    await expect(attempt(bind('/data/sys'))).rejects.toMatchObject(refusal('is in /proc'));
  });

  test('whose /etc climbs out of the root', async () => {
    await symlink('../../../../etc', join(root, 'etc'));
    await expect(attempt({})).rejects.toMatchObject(refusal('leads out of its root file system'));
  });

  test('but not one whose links stay inside', async () => {
    await mkdir(join(root, 'run'));
    await mkdir(join(root, 'var'));
    await symlink('/run', join(root, 'var', 'run'));
    const { spec } = await build({ request: bind('/var/run/app'), rootfs: createRootfsReader([root]) });
    expect(spec.mounts.some(({ destination }) => destination === '/var/run/app')).toBe(true);
  });
});
