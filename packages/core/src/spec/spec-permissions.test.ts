import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OciSpec } from '../oci/runtime-spec.ts';
import { applyPatch } from './apply-patch.ts';
import { buildSpec, type BuildSpecOptions } from './build-spec.ts';
import { createDefaultSpec } from './default-spec.ts';
import { cloneJson, diffJson } from './json-patch-diff.ts';
import type { HostFacts, SpecMutator } from './spec-mutator.ts';
import { specPermissions, wideningsOf, type SpecPermission } from './spec-permissions.ts';

const host: HostFacts = {
  cgroup: { version: 'v2', controllers: ['memory', 'pids'] },
  capabilities: ['CAP_CHOWN'],
  rlimits: {},
  cpuCount: 2,
  memoryBytes: 1 << 30,
  kernelRelease: '6.1.0',
  apparmor: false,
  seccomp: true,
};
const confined = (): OciSpec => {
  const spec = createDefaultSpec('c', host);
  spec.process.noNewPrivileges = true;
  spec.process.capabilities = { bounding: ['CAP_CHOWN'], effective: [], permitted: [], inheritable: [], ambient: [] };
  spec.linux.seccomp = { defaultAction: 'SCMP_ACT_ERRNO' };
  spec.root.readonly = true;
  spec.process.apparmorProfile = 'jocker-default';
  return spec;
};
const widened = (change: (spec: OciSpec) => void): SpecPermission[] => {
  const before = confined();
  const after = cloneJson(before);
  change(after);
  return [...new Set(wideningsOf(before, after, diffJson(before, after), '/state/c').map(({ permission }) => permission))];
};

describe('widening', () => {
  const cases: readonly [SpecPermission, string, (spec: OciSpec) => void][] = [
    ['spec:capabilities', 'one more', ({ process }) => void process.capabilities?.bounding.push('CAP_SYS_ADMIN')],
    ['spec:capabilities', 'no list at all', ({ process }) => void delete process.capabilities],
    ['spec:seccomp', 'another profile', ({ linux }) => void (linux.seccomp = { defaultAction: 'SCMP_ACT_ALLOW' })],
    ['spec:seccomp', 'none', ({ linux }) => void delete linux.seccomp],
    ['spec:security-labels', 'another profile of AppArmor', ({ process }) => void (process.apparmorProfile = 'unconfined')],
    ['spec:no-new-privileges', 'off', ({ process }) => void (process.noNewPrivileges = false)],
    ['spec:namespaces', 'one less', ({ linux }) => void linux.namespaces.pop()],
    ['spec:namespaces', 'one of the host', ({ linux }) => void linux.namespaces.push({ type: 'network', path: '/proc/1/ns/net' })],
    ['spec:user-namespace', 'a mapping', ({ linux }) => void (linux.uidMappings = [{ containerID: 0, hostID: 0, size: 1 }])],
    ['spec:masked-paths', 'one less', ({ linux }) => void linux.maskedPaths?.shift()],
    ['spec:masked-paths', 'none read-only', ({ linux }) => void delete linux.readonlyPaths],
    ['spec:devices', 'a node', ({ linux }) => void (linux.devices = [{ path: '/dev/kvm', type: 'c', major: 10, minor: 232 }])],
    ['spec:devices', 'a right', ({ linux }) => void (linux.resources ??= {}).devices?.push({ allow: true, access: 'rwm' })],
    ['spec:host-mounts', 'a folder of the host', ({ mounts }) => void mounts.push({ destination: '/a', type: 'bind', source: '/etc' })],
    [
      'spec:host-mounts',
      'by its option',
      ({ mounts }) => void mounts.push({ destination: '/a', type: 'none', source: '/etc', options: ['rbind'] }),
    ],
    [
      'spec:host-mounts',
      "out of the container's own folder",
      ({ mounts }) => void mounts.push({ destination: '/a', type: 'bind', source: '/state/c/../d' }),
    ],
    ['spec:host-mounts', 'a writable /sys', ({ mounts }) => void mounts.push({ destination: '/s', type: 'sysfs', source: 'sysfs' })],
    ['spec:rootfs', 'another root', ({ root }) => void (root.path = '/')],
    ['spec:rootfs', 'a writable one', ({ root }) => void delete root.readonly],
    ['spec:hooks', 'a program', (spec) => void (spec.hooks = { poststart: [{ path: '/bin/true' }] })],
    ['spec:sysctls', 'of the whole host', ({ linux }) => void (linux.sysctl = { 'kernel.core_pattern': '|/x' })],
    ['spec:runtime-annotations', "crun's seccomp", (spec) => void (spec.annotations = { 'run.oci.seccomp_bpf_data': '' })],
  ];
  test.each(cases)('%s is needed for %s', (permission, _what, change) => {
    expect(widened(change)).toEqual([permission]);
  });

  test('needs a permission for each field that there is', () => {
    expect([...new Set(cases.map(([permission]) => permission))].toSorted()).toEqual(specPermissions.toSorted());
  });

  test.each<[string, (spec: OciSpec) => void]>([
    ['fewer capabilities', ({ process }) => void process.capabilities?.bounding.pop()],
    ['more masked paths', ({ linux }) => void linux.maskedPaths?.push('/proc/version')],
    ['one more namespace', ({ linux }) => void linux.namespaces.push({ type: 'time' })],
    ['a fresh tmpfs', ({ mounts }) => void mounts.push({ destination: '/t', type: 'tmpfs', source: 'tmpfs' })],
    [
      'a file that only this container sees',
      ({ mounts }) => void mounts.push({ destination: '/h', type: 'bind', source: '/state/c/hosts' }),
    ],
    ['a setting of its own network', ({ linux }) => void (linux.sysctl = { 'net.ipv4.ip_forward': '1' })],
    ['a device denied', ({ linux }) => void (linux.resources ??= {}).devices?.push({ allow: false, type: 'c', major: 1, minor: 3 })],
    ['variables and arguments', ({ process }) => void (process.env.push('A=b'), process.args.push('x'))],
  ])('is not %s', (_what, change) => {
    expect(widened(change)).toEqual([]);
  });
});

const options = (mutators: readonly SpecMutator[], permissions: readonly SpecPermission[]): BuildSpecOptions => ({
  containerId: 'c'.repeat(64),
  request: { image: 'x' },
  image: { reference: 'x', config: {} },
  host,
  mutators: mutators.map((mutator) => ({ mutator, plugin: 'mine', permissions })),
  stateDirectory: '/state/c',
  rootfs: { readFile: async () => undefined, stat: async () => undefined, resolve: async (path) => path },
  context: { signal: new AbortController().signal, log: { debug() {}, info() {}, warn() {}, error() {} } },
});

test('a mutator without the permission is refused, with plugin, field and permission', async () => {
  const hook: SpecMutator = { name: 'sneaky', mutate: (draft) => void (draft.hooks = { prestart: [{ path: '/x' }] }) };
  await expect(buildSpec(options([hook], ['spec:devices']))).rejects.toMatchObject({
    code: 'permission-denied',
    message: 'it widens /hooks, and plugin mine does not declare the permission spec:hooks (spec mutator sneaky)',
    details: { plugin: 'mine', mutator: 'sneaky', permission: 'spec:hooks', path: '/hooks' },
  });
  expect((await buildSpec(options([hook], ['spec:hooks']))).spec.hooks).toBeDefined();
});

/** Changes of all kinds, as data. */
const changes = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('env' as const), text: fc.string() }),
    fc.record({ kind: fc.constant('annotation' as const), key: fc.stringMatching(/^[a-z/~]{1,6}$/), text: fc.string() }),
    fc.record({ kind: fc.constant('mount' as const), at: fc.nat(12), text: fc.string() }),
    fc.record({ kind: fc.constant('drop-mount' as const), at: fc.nat(12) }),
    fc.record({ kind: fc.constant('arguments' as const), list: fc.array(fc.string(), { maxLength: 4 }) }),
    fc.record({ kind: fc.constant('mask' as const), at: fc.nat(20), text: fc.string() }),
    fc.constant({ kind: 'throw' as const }),
  ),
  { maxLength: 8 },
);

test('the patches of all mutators, in order, sum up to the spec, whatever they do', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(changes, { maxLength: 5 }), async (mutators) => {
      const made = mutators.map((list, index): SpecMutator => ({
        name: `m${index}`,
        mutate(draft) {
          for (const change of list) {
            if (change.kind === 'env') draft.process.env.push(change.text);
            else if (change.kind === 'annotation') draft.annotations = { ...draft.annotations, [change.key]: change.text };
            else if (change.kind === 'mount') draft.mounts.splice(change.at, 0, { destination: change.text, type: 'tmpfs' });
            else if (change.kind === 'drop-mount') draft.mounts.splice(change.at, 1);
            else if (change.kind === 'arguments') draft.process.args = [...change.list];
            else if (change.kind === 'mask') draft.linux.maskedPaths?.splice(change.at, 0, change.text);
          }
        },
      }));
      const { spec, steps } = await buildSpec(options(made, []));
      expect(steps.reduce<unknown>((document, { patch }) => applyPatch(document, patch), {})).toEqual(spec);
    }),
    { numRuns: 100 },
  );
});
