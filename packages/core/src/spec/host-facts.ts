import { access, readFile, readdir } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { capabilityNames } from './capability-names.ts';
import { parseCpuList } from './cpu-list.ts';
import type { HostFacts } from './spec-mutator.ts';

/** Where the kernel shows itself; another folder in tests. */
export interface KernelFolders {
  readonly proc: string;
  readonly sys: string;
}

/** What this machine lets containers have. Read once, when the engine starts. */
export async function readHostFacts(folders: KernelFolders = { proc: '/proc', sys: '/sys' }): Promise<HostFacts> {
  const { proc, sys } = folders;
  const [cgroup, status, limits, apparmor, oomScoreAdj, thermalThrottlePaths, online] = await Promise.all([
    readCgroupFacts(sys),
    readText(`${proc}/self/status`),
    readText(`${proc}/self/limits`),
    readText(`${sys}/module/apparmor/parameters/enabled`),
    readText(`${proc}/self/oom_score_adj`),
    readThermalThrottlePaths(sys),
    readText(`${sys}/devices/system/cpu/online`),
  ]);
  return {
    cgroup,
    capabilities: parseCapabilities(/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'),
    rlimits: parseLimits(limits),
    cpuCount: parseCpuList(online)?.length ?? Math.max(availableParallelism(), cpus().length),
    memoryBytes: totalmem(),
    kernelRelease: release(),
    apparmor: apparmor.startsWith('Y'),
    seccomp: /^Seccomp_filters:/m.test(status) || /^Seccomp:/m.test(status),
    oomScoreAdj: Number.parseInt(oomScoreAdj, 10) || 0,
    thermalThrottlePaths,
  };
}

async function readCgroupFacts(sys: string): Promise<HostFacts['cgroup']> {
  const root = `${sys}/fs/cgroup`;
  const unified = await readText(`${root}/cgroup.controllers`);
  if (unified !== '' || (await exists(`${root}/cgroup.controllers`))) {
    const controllers = unified.split(/\s+/).filter((name) => name !== '');
    const groups = (await readdir(root, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${root}/${name}`);
    // The topmost group has no limits of its own, unless it is only a namespace's root; those below it have.
    const somewhere = async (file: string): Promise<boolean> =>
      (await Promise.all([root, ...groups].map(async (group) => await exists(`${group}/${file}`)))).includes(true);
    return {
      version: 'v2',
      controllers: controllers.map((name) => (name === 'io' ? 'blkio' : name)).toSorted(),
      swapLimit: await somewhere('memory.swap.max'),
      blkioWeight: (await somewhere('io.weight')) || (await somewhere('io.bfq.weight')),
    };
  }
  const names = await readdir(root).catch((): string[] => []);
  const known = ['blkio', 'cpu', 'cpuacct', 'cpuset', 'devices', 'freezer', 'hugetlb', 'memory', 'pids'];
  const [swapLimit, weight, bfqWeight] = await Promise.all([
    exists(`${root}/memory/memory.memsw.limit_in_bytes`),
    exists(`${root}/blkio/blkio.weight`),
    exists(`${root}/blkio/blkio.bfq.weight`),
  ]);
  return {
    version: (await exists(`${root}/unified/cgroup.procs`)) ? 'hybrid' : 'v1',
    controllers: known.filter((name) => names.includes(name)),
    swapLimit,
    blkioWeight: weight || bfqWeight,
  };
}

function parseCapabilities(hex: string): string[] {
  const bits = BigInt(`0x${hex}`);
  return capabilityNames.filter((_, number) => ((bits >> BigInt(number)) & 1n) === 1n);
}

const limitNames: Readonly<Record<string, string>> = {
  'Max cpu time': 'RLIMIT_CPU',
  'Max file size': 'RLIMIT_FSIZE',
  'Max data size': 'RLIMIT_DATA',
  'Max stack size': 'RLIMIT_STACK',
  'Max core file size': 'RLIMIT_CORE',
  'Max resident set': 'RLIMIT_RSS',
  'Max processes': 'RLIMIT_NPROC',
  'Max open files': 'RLIMIT_NOFILE',
  'Max locked memory': 'RLIMIT_MEMLOCK',
  'Max address space': 'RLIMIT_AS',
  'Max file locks': 'RLIMIT_LOCKS',
  'Max pending signals': 'RLIMIT_SIGPENDING',
  'Max msgqueue size': 'RLIMIT_MSGQUEUE',
  'Max nice priority': 'RLIMIT_NICE',
  'Max realtime priority': 'RLIMIT_RTPRIO',
  'Max realtime timeout': 'RLIMIT_RTTIME',
};

/** `/proc/self/limits` has fixed columns: name, soft, hard, unit. */
function parseLimits(text: string): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const name = limitNames[line.slice(0, 26).trim()];
    const hard = line.slice(47, 68).trim();
    if (name !== undefined && hard !== '') limits[name] = hard === 'unlimited' ? -1 : Number(hard);
  }
  return limits;
}

async function readThermalThrottlePaths(sys: string): Promise<string[]> {
  const cpusFolder = `${sys}/devices/system/cpu`;
  const names = (await readdir(cpusFolder).catch((): string[] => [])).filter((name) => /^cpu\d+$/.test(name));
  const found = await Promise.all(names.map((name) => exists(`${cpusFolder}/${name}/thermal_throttle`)));
  return names.filter((_, index) => found[index]).map((name) => `/sys/devices/system/cpu/${name}/thermal_throttle`);
}

async function readText(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
