import { applyPatch, createDefaultSeccomp, goArchitecture, type BuiltSpec } from '@jocker/core';
import { describe, expect, test } from 'vitest';
import { build, type BuildInput } from './testing/build.ts';
import { specViolations } from './testing/spec-violations.ts';

const requests: Readonly<Record<string, BuildInput>> = {
  'nothing-asked': {},
  'image-defaults': {
    image: {
      entrypoint: ['/entry', '--flag'],
      command: ['serve'],
      env: ['PATH=/app/bin:/bin', 'MODE=production', 'broken'],
      workingDir: 'srv//app/',
      labels: { 'run.oci.handler': 'evil', 'io.jocker.x': 'y' },
    },
  },
  'command-and-env': {
    request: {
      command: ['echo', 'hi'],
      env: ['MODE=test', 'EMPTY=', 'HOSTNAME'],
      workingDir: '/tmp',
      hostname: 'web',
      domainname: 'example.org',
    },
    image: { entrypoint: ['/entry'], command: ['serve'], env: ['MODE=production'] },
  },
  'entrypoint-replaced': { request: { entrypoint: ['/bin/tool'] }, image: { entrypoint: ['/entry'], command: ['serve'] } },
  terminal: { request: { tty: true, consoleSize: { columns: 120, rows: 40 } } },
  'numeric-user': { request: { user: '1000:1000', groupAdd: ['29'] } },
  mounts: {
    request: {
      mounts: [
        { type: 'bind', source: '/usr/share', target: '/data/share/', readonly: true },
        { type: 'bind', source: '/usr', target: '/data' },
        { type: 'tmpfs', target: '/scratch', sizeBytes: 1048576, mode: 0o1777, options: ['exec'] },
        { type: 'bind', source: '/etc/hostname', target: '/etc/hosts' },
        { type: 'tmpfs', target: '/dev/shm' },
      ],
    },
  },
  limits: {
    request: {
      resources: { memoryBytes: 67108864, nanoCpus: 5e8, pidsLimit: 100, cpusetCpus: '0' },
      ulimits: [
        { name: 'nofile', soft: 1024, hard: 1_000_000 },
        { name: 'core', soft: 0, hard: -1 },
      ],
      shmSizeBytes: 1048576,
      oomScoreAdj: -500,
      sysctls: { 'net.ipv4.ip_forward': '1', 'kernel.msgmax': '65536' },
    },
  },
  'locked-down': { request: { readonlyRootfs: true, capDrop: ['ALL'], capAdd: ['net_bind_service'], noNewPrivileges: true } },
  'host-namespaces': {
    request: { network: 'host', pidMode: 'host', ipcMode: 'host', utsMode: 'host', cgroupnsMode: 'host', env: ['HOSTNAME=fixed'] },
  },
  unconfined: { request: { seccomp: 'unconfined', maskedPaths: [], readonlyPaths: [], annotations: { 'org.example.team': 'a' } } },
  'cgroup-v1': { host: { cgroup: { version: 'v1', controllers: ['devices', 'memory'] } }, request: { ipcMode: 'none' } },
  devices: {
    request: {
      devices: [{ pathOnHost: '/dev/zero', pathInContainer: '/dev/nothing', permissions: 'rw' }],
      deviceCgroupRules: ['c 10:200 rwm', 'b 8:* r'],
    },
  },
};

/** The profile is 400 lines and differs by machine: named where it is the default one. */
function readable({ spec }: BuiltSpec): string {
  const profile = createDefaultSeccomp({
    capabilities: spec.process.capabilities?.bounding ?? [],
    architecture: goArchitecture(process.arch),
  });
  if (spec.linux.seccomp === undefined) return `${JSON.stringify(spec, undefined, 2)}\n`;
  expect(spec.linux.seccomp).toEqual(profile);
  return `${JSON.stringify({ ...spec, linux: { ...spec.linux, seccomp: 'the default profile for these capabilities' } }, undefined, 2)}\n`;
}

describe.each(Object.entries(requests))('%s', (name, input) => {
  test('gives the spec that was looked at', async () => {
    await expect(readable(await build(input))).toMatchFileSnapshot(`golden/${name}.json`);
  });

  test('keeps the rules of the runtime-spec', async () => {
    expect(specViolations((await build(input)).spec)).toEqual([]);
  });

  test('is the sum of its patches', async () => {
    const { spec, steps } = await build(input);
    expect(steps.reduce<unknown>((document, step) => applyPatch(document, step.patch), {})).toEqual(spec);
  });
});

test('the rules find what is broken', async () => {
  const { spec } = await build();
  spec.process.cwd = 'x';
  spec.process.capabilities?.bounding.push('CAP_NONSENSE');
  spec.linux.namespaces.push({ type: 'pid' });
  expect(specViolations(spec)).toEqual(['process.cwd is absolute', 'capabilities.bounding has known names', 'namespaces are unique']);
});

test('every mutator that changes something for a plain container is named with what it changed', async () => {
  const { steps } = await build();
  expect(steps.filter(({ patch }) => patch.length > 0).map(({ mutator }) => mutator)).toEqual([
    'default',
    'image-process',
    'user',
    'hostname',
    'env',
    'generated-files',
    'resources',
    'seccomp',
  ]);
});
