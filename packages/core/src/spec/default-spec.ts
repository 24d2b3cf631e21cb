import type { OciMount, OciSpec } from '../oci/runtime-spec.ts';
import type { HostFacts } from './spec-mutator.ts';
import { defaultCapabilities } from './capability-names.ts';

/** 64 MiB, as everywhere. */
export const defaultShmSizeBytes: number = 64 * 1024 * 1024;

/** Names that `readonlyPaths` and `maskedPaths` get when the request says nothing. */
export const defaultReadonlyPaths: readonly string[] = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export function defaultMaskedPaths(host: Pick<HostFacts, 'thermalThrottlePaths'>): string[] {
  return [
    '/proc/acpi',
    '/proc/asound',
    '/proc/interrupts',
    '/proc/kcore',
    '/proc/keys',
    '/proc/latency_stats',
    '/proc/sched_debug',
    '/proc/scsi',
    '/proc/timer_list',
    '/proc/timer_stats',
    '/sys/devices/virtual/powercap',
    '/sys/firmware',
    ...(host.thermalThrottlePaths ?? []),
  ];
}

/**
 * The config.json of a container that asked for nothing: locked down, no network, no program yet. A fresh object at every
 * call. The cgroup namespace is private only where cgroups are pure v2: on v1 it would hide the controllers' own paths.
 */
export function createDefaultSpec(containerId: string, host: HostFacts): OciSpec {
  const namespaces: OciSpec['linux']['namespaces'] = [
    { type: 'pid' },
    { type: 'mount' },
    { type: 'ipc' },
    { type: 'uts' },
    { type: 'network' },
  ];
  if (host.cgroup.version === 'v2') namespaces.push({ type: 'cgroup' });
  return {
    ociVersion: '1.0.2',
    root: { path: 'rootfs' },
    process: {
      cwd: '/',
      env: [],
      args: [],
      user: { uid: 0, gid: 0 },
      capabilities: {
        bounding: [...defaultCapabilities],
        effective: [...defaultCapabilities],
        permitted: [...defaultCapabilities],
        // Both stay empty: CVE-2022-24769, CVE-2022-27649.
        inheritable: [],
        ambient: [],
      },
    },
    mounts: defaultMounts(),
    linux: {
      namespaces,
      cgroupsPath: `/jocker/${containerId}`,
      resources: { devices: defaultDeviceRules() },
      maskedPaths: defaultMaskedPaths(host),
      readonlyPaths: [...defaultReadonlyPaths],
    },
  };
}

function defaultMounts(): OciMount[] {
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro', 'nosuid', 'noexec', 'nodev'] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${defaultShmSizeBytes}`],
    },
  ];
}

/** null, zero, full, random, urandom, tty, and what the runtime makes itself: ptmx and the terminals of devpts. */
function defaultDeviceRules(): NonNullable<NonNullable<OciSpec['linux']['resources']>['devices']> {
  const characters: readonly (readonly [number, number])[] = [
    [1, 3],
    [1, 5],
    [1, 7],
    [1, 8],
    [1, 9],
    [5, 0],
    [5, 2],
  ];
  return [
    { allow: false, access: 'rwm' },
    ...characters.map(([major, minor]) => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
    { allow: true, type: 'c', major: 136, access: 'rwm' },
  ];
}
