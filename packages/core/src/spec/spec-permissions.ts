import type { JsonPatchOperation } from './spec-step.ts';
import type { OciMount, OciSpec } from '../oci/runtime-spec.ts';

/** What a plugin has to declare before its mutators may widen it. Narrowing needs no permission. */
export type SpecPermission =
  | 'spec:capabilities' /** one more capability in any of the five sets */
  | 'spec:seccomp' /** another seccomp profile than there was, or none */
  | 'spec:security-labels' /** another AppArmor profile or SELinux label than there was, or none */
  | 'spec:no-new-privileges' /** off, where it was on */
  | 'spec:namespaces' /** one less, or one of somebody else's */
  | 'spec:user-namespace' /** other ids on the host */
  | 'spec:masked-paths' /** one masked or read-only path less */
  | 'spec:devices' /** a device, or the right to use one */
  | 'spec:host-mounts' /** a mount that is not a fresh, empty or read-only one of the kernel */
  | 'spec:rootfs' /** another root, a writable one, another propagation */
  | 'spec:hooks' /** programs that run on the host */
  | 'spec:sysctls' /** kernel settings that are not the container's own */
  | 'spec:runtime-annotations'; /** annotations that steer the runtime, past the spec */

export const specPermissions: readonly SpecPermission[] = [
  'spec:capabilities',
  'spec:seccomp',
  'spec:security-labels',
  'spec:no-new-privileges',
  'spec:namespaces',
  'spec:user-namespace',
  'spec:masked-paths',
  'spec:devices',
  'spec:host-mounts',
  'spec:rootfs',
  'spec:hooks',
  'spec:sysctls',
  'spec:runtime-annotations',
];

export interface Widening {
  readonly permission: SpecPermission;
  /** The field of config.json, as a JSON pointer. */
  readonly path: string;
}

interface Rule {
  readonly permission: SpecPermission;
  readonly path: string;
  readonly widens: (before: OciSpec, after: OciSpec, stateDirectory: string) => boolean;
}

/** What is in `after` and was not in `before`. */
function gained<T>(before: readonly T[] | undefined, after: readonly T[] | undefined): readonly T[] {
  const had = new Set((before ?? []).map((each) => JSON.stringify(each)));
  return (after ?? []).filter((each) => !had.has(JSON.stringify(each)));
}
const lost = <T>(before: readonly T[] | undefined, after: readonly T[] | undefined): readonly T[] => gained(after, before);
const differs = (before: unknown, after: unknown): boolean => JSON.stringify(before) !== JSON.stringify(after);
/** Another value than there was; a first one only confines. */
const replaced = (before: unknown, after: unknown): boolean => before !== undefined && differs(before, after);

const capabilitySets = ['bounding', 'effective', 'permitted', 'inheritable', 'ambient'] as const;

const rules: readonly Rule[] = [
  ...capabilitySets.map((set): Rule => ({
    permission: 'spec:capabilities',
    path: `/process/capabilities/${set}`,
    widens: (before, after) => {
      // Without the member the runtime leaves all of them.
      if (after.process.capabilities === undefined) return before.process.capabilities !== undefined;
      return (
        before.process.capabilities !== undefined && gained(before.process.capabilities[set], after.process.capabilities[set]).length > 0
      );
    },
  })),
  { permission: 'spec:seccomp', path: '/linux/seccomp', widens: (before, after) => replaced(before.linux.seccomp, after.linux.seccomp) },
  {
    permission: 'spec:security-labels',
    path: '/process/apparmorProfile',
    widens: (before, after) => replaced(before.process.apparmorProfile, after.process.apparmorProfile) || isUnconfined(after),
  },
  {
    permission: 'spec:security-labels',
    path: '/process/selinuxLabel',
    widens: (before, after) => replaced(before.process.selinuxLabel, after.process.selinuxLabel),
  },
  {
    permission: 'spec:security-labels',
    path: '/linux/mountLabel',
    widens: (before, after) => replaced(before.linux.mountLabel, after.linux.mountLabel),
  },
  {
    permission: 'spec:no-new-privileges',
    path: '/process/noNewPrivileges',
    widens: (before, after) => before.process.noNewPrivileges === true && after.process.noNewPrivileges !== true,
  },
  {
    permission: 'spec:namespaces',
    path: '/linux/namespaces',
    widens: (before, after) => {
      const types = new Set(after.linux.namespaces.map(({ type }) => type));
      const joined = gained(before.linux.namespaces, after.linux.namespaces).some(({ path }) => path !== undefined);
      return joined || before.linux.namespaces.some(({ type }) => !types.has(type));
    },
  },
  {
    permission: 'spec:user-namespace',
    path: '/linux/uidMappings',
    widens: (before, after) => differs(before.linux.uidMappings, after.linux.uidMappings),
  },
  {
    permission: 'spec:user-namespace',
    path: '/linux/gidMappings',
    widens: (before, after) => differs(before.linux.gidMappings, after.linux.gidMappings),
  },
  {
    permission: 'spec:masked-paths',
    path: '/linux/maskedPaths',
    widens: (before, after) => lost(before.linux.maskedPaths, after.linux.maskedPaths).length > 0,
  },
  {
    permission: 'spec:masked-paths',
    path: '/linux/readonlyPaths',
    widens: (before, after) => lost(before.linux.readonlyPaths, after.linux.readonlyPaths).length > 0,
  },
  {
    permission: 'spec:devices',
    path: '/linux/devices',
    widens: (before, after) => gained(before.linux.devices, after.linux.devices).length > 0,
  },
  {
    permission: 'spec:devices',
    path: '/linux/resources/devices',
    // Rules hold in their order: only a denial at the end is sure to narrow.
    widens: (before, after) => {
      const [had, has] = [before.linux.resources?.devices ?? [], after.linux.resources?.devices ?? []];
      return differs(had, has.slice(0, had.length)) || has.slice(had.length).some(({ allow }) => allow);
    },
  },
  {
    permission: 'spec:host-mounts',
    path: '/mounts',
    widens: (before, after, stateDirectory) => gained(before.mounts, after.mounts).some((mount) => !isHarmless(mount, stateDirectory)),
  },
  {
    permission: 'spec:rootfs',
    path: '/root',
    widens: (before, after) => before.root.path !== after.root.path || (before.root.readonly === true && after.root.readonly !== true),
  },
  {
    permission: 'spec:rootfs',
    path: '/linux/rootfsPropagation',
    widens: (before, after) => differs(before.linux.rootfsPropagation, after.linux.rootfsPropagation),
  },
  { permission: 'spec:hooks', path: '/hooks', widens: (before, after) => gainedHooks(before, after) },
  {
    permission: 'spec:sysctls',
    path: '/linux/sysctl',
    widens: (before, after) =>
      Object.entries(after.linux.sysctl ?? {}).some(([name, value]) => before.linux.sysctl?.[name] !== value && !isOwnSysctl(name, after)),
  },
  {
    permission: 'spec:runtime-annotations',
    path: '/annotations',
    widens: (before, after) =>
      Object.entries({ ...before.annotations, ...after.annotations }).some(
        ([name]) => /^(run\.oci\.|org\.systemd\.|org\.criu\.)/.test(name) && before.annotations?.[name] !== after.annotations?.[name],
      ),
  },
];

const isUnconfined = (spec: OciSpec): boolean => spec.process.apparmorProfile === 'unconfined';

/** Empty ones, read-only ones of the kernel, and files that only this container sees. */
function isHarmless({ type = '', source = '', options = [] }: OciMount, stateDirectory: string): boolean {
  const isBind = type === 'bind' || options.some((option) => option === 'bind' || option === 'rbind');
  if (options.some((option) => /^r?shared$/.test(option))) return false;
  if (isBind) return source.startsWith(`${stateDirectory}/`) && !source.split('/').includes('..');
  if (['tmpfs', 'mqueue', 'devpts'].includes(type)) return true;
  return ['proc', 'sysfs', 'cgroup', 'cgroup2'].includes(type) && options.includes('ro');
}

function gainedHooks(before: OciSpec, after: OciSpec): boolean {
  return Object.entries(after.hooks ?? {}).some(([when, list]) => gained(before.hooks?.[when], list).length > 0);
}

/** Settings that the kernel keeps for each namespace, as long as the container has one of its own. */
function isOwnSysctl(name: string, { linux }: OciSpec): boolean {
  const owns = (type: string): boolean => linux.namespaces.some((each) => each.type === type && each.path === undefined);
  if (name.startsWith('net.')) return owns('network');
  return /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(name) && owns('ipc');
}

/** What a change of the spec widens. `patch` is the change, so that a look at its paths mostly suffices. */
export function wideningsOf(
  before: OciSpec,
  after: OciSpec,
  patch: readonly JsonPatchOperation[],
  stateDirectory: string,
): readonly Widening[] {
  const concerns = (path: string): boolean =>
    patch.some((operation) => operation.path === path || operation.path.startsWith(`${path}/`) || path.startsWith(`${operation.path}/`));
  return rules
    .filter(({ path, widens }) => concerns(path) && widens(before, after, stateDirectory))
    .map(({ permission, path }) => ({ permission, path }));
}
