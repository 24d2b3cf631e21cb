import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capabilityNames, type SpecMutator } from '@jocker/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { init } from './init.ts';
import { build, machine } from './testing/build.ts';
import { specViolations } from './testing/spec-violations.ts';

describe('generated files', () => {
  test('are the container’s own: localhost, its name, extra hosts', async () => {
    await build({
      request: {
        hostname: 'web',
        domainname: 'example.org',
        extraHosts: ['db:10.0.0.1', 'six=[fe80::1]'],
        dns: ['9.9.9.9'],
        dnsSearch: ['a.b'],
      },
      inspect: async (folder) => {
        const hosts = await readFile(join(folder, 'hosts'), 'utf8');
        expect(hosts).toContain('127.0.0.1\tlocalhost\n');
        expect(hosts).toContain('127.0.0.1\tweb.example.org web\n');
        expect(hosts).toContain('10.0.0.1\tdb\nfe80::1\tsix\n');
        expect(await readFile(join(folder, 'hostname'), 'utf8')).toBe('web\n');
        expect(await readFile(join(folder, 'resolv.conf'), 'utf8')).toMatch(/nameserver 9\.9\.9\.9\nsearch a\.b\n/);
        expect((await stat(join(folder, 'hosts'))).mode & 0o777).toBe(0o644);
      },
    });
  });

  test('are not made where the user mounts something over them', async () => {
    const { spec } = await build({ request: { mounts: [{ type: 'bind', source: '/usr', target: '/etc' }] } });
    expect(spec.mounts.filter(({ destination }) => destination.startsWith('/etc/'))).toEqual([]);
  });
});

describe('capabilities', () => {
  const bounding = async (request: Parameters<typeof build>[0]): Promise<string[]> =>
    (await build(request)).spec.process.capabilities?.bounding ?? [];

  test('add and drop work with and without the prefix, in any case', async () => {
    expect(await bounding({ request: { capDrop: ['all'], capAdd: ['cap_kill', 'CHOWN'] } })).toEqual(['CAP_KILL', 'CAP_CHOWN']);
    expect(await bounding({ request: { capDrop: ['NET_RAW'] } })).not.toContain('CAP_NET_RAW');
  });

  test('ALL but some, and what the machine lacks is left out without an error', async () => {
    const all = await bounding({ request: { capAdd: ['ALL'], capDrop: ['SYS_TIME'] } });
    expect(all).toHaveLength(machine.capabilities.length - 1);
    expect(await bounding({ request: { capAdd: ['SYS_RESOURCE'] } })).not.toContain('CAP_SYS_RESOURCE');
    expect((await bounding({ request: { privileged: true } })).toSorted()).toEqual(machine.capabilities.toSorted());
    expect(await bounding({ request: { privileged: true }, host: { capabilities: capabilityNames } })).toEqual(capabilityNames);
  });

  test('a user who is not root holds none, but may gain them through files', async () => {
    const { capabilities } = (await build({ request: { user: '1000' } })).spec.process;
    expect([capabilities?.effective, capabilities?.permitted]).toEqual([[], []]);
    expect(capabilities?.bounding).toContain('CAP_CHOWN');
  });
});

describe('what the machine refuses', () => {
  test('ulimits and OOM scores are brought to what the engine itself may have', async () => {
    const { process } = (await build({ request: { ulimits: [{ name: 'nofile', soft: 30_000, hard: 50_000 }], oomScoreAdj: -900 } })).spec;
    expect(process.rlimits).toEqual([{ type: 'RLIMIT_NOFILE', soft: 20_000, hard: 20_000 }]);
    expect(process.oomScoreAdj).toBe(0);
  });

  test('with CAP_SYS_RESOURCE they stay as asked', async () => {
    const host = { capabilities: [...machine.capabilities, 'CAP_SYS_RESOURCE'] };
    const { process } = (await build({ host, request: { ulimits: [{ name: 'nofile', soft: 30_000, hard: 50_000 }], oomScoreAdj: -900 } }))
      .spec;
    expect([process.rlimits?.[0]?.hard, process.oomScoreAdj]).toEqual([50_000, -900]);
  });

  test('an unlimited ulimit is a number that every runtime reads', async () => {
    const { rlimits } = (await build({ request: { ulimits: [{ name: 'core', soft: -1, hard: -1 }] } })).spec.process;
    expect(BigInt(JSON.stringify(rlimits?.[0]?.hard))).toBeLessThan(2n ** 63n);
  });
});

describe('privileged', () => {
  test('hides nothing, filters nothing, and has the devices of the host', async () => {
    const { spec } = await build({ request: { privileged: true } });
    expect(specViolations(spec)).toEqual([]);
    expect(spec.linux.maskedPaths).toBeUndefined();
    expect(spec.linux.readonlyPaths).toBeUndefined();
    expect(spec.linux.seccomp).toBeUndefined();
    expect(spec.linux.resources?.devices).toEqual([{ allow: true, access: 'rwm' }]);
    expect(spec.mounts.find(({ destination }) => destination === '/sys')?.options).not.toContain('ro');
    expect(spec.linux.devices?.every(({ path }) => path.startsWith('/dev/') && !path.startsWith('/dev/pts'))).toBe(true);
  });

  test('keeps what the request says all the same', async () => {
    const { spec } = await build({ request: { privileged: true, seccomp: 'default', maskedPaths: ['/proc/kcore'] } });
    expect(spec.linux.seccomp?.defaultAction).toBe('SCMP_ACT_ERRNO');
    expect(spec.linux.maskedPaths).toEqual(['/proc/kcore']);
  });
});

test('a bind source is made when the request says so', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jocker-source-'));
  try {
    const source = join(folder, 'new', 'data');
    await build({ request: { mounts: [{ type: 'bind', source, target: '/data', createSource: true }] } });
    expect((await stat(source)).isDirectory()).toBe(true);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('an init of the host runs the command, or is missing in a sentence', async () => {
  const outcome = await build({ request: { init: true, command: ['sleep', '1'] } }).catch((error: unknown) => error);
  if (outcome instanceof Error) {
    expect(outcome).toMatchObject({ code: 'unsupported', message: expect.stringContaining('install the package tini') });
  } else {
    const { spec } = outcome as Awaited<ReturnType<typeof build>>;
    expect(spec.process.args).toEqual(['/sbin/docker-init', '--', 'sleep', '1']);
    expect(spec.mounts.find(({ destination }) => destination === '/sbin/docker-init')?.options).toContain('ro');
  }
  expect((init as SpecMutator).name).toBe('init');
});

test('no label, variable or port of an image changes more than the environment', async () => {
  const text = fc.string({ maxLength: 40 });
  const plain = (await build({ image: { command: ['sh'] } })).spec;
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(text, text),
      fc.array(text),
      fc.array(text),
      fc.array(text),
      async (labels, env, exposedPorts, volumes) => {
        const safe = Object.fromEntries(Object.entries(labels).filter(([key]) => key !== '__proto__'));
        const { spec } = await build({
          image: { command: ['sh'], labels: { ...safe, 'run.oci.handler': 'x' }, env, exposedPorts, volumes, stopSignal: '9' },
        });
        expect({ ...spec, process: { ...spec.process, env: [] } }).toEqual({ ...plain, process: { ...plain.process, env: [] } });
        expect(specViolations(spec)).toEqual([]);
      },
    ),
    { numRuns: 40 },
  );
});
