import { capabilityNames, type OciSpec } from '@jocker/core';

/** What the OCI runtime-spec demands of a Linux config.json, as far as jocker writes one; each broken rule in a sentence. */
export function specViolations(spec: OciSpec): string[] {
  const broken: string[] = [];
  const rule = (holds: boolean, text: string): void => {
    if (!holds) broken.push(text);
  };
  const { process, linux } = spec;
  rule(/^1\.\d+\.\d+$/.test(spec.ociVersion), 'ociVersion is SemVer 1.x');
  rule(spec.root.path !== '', 'root.path is set');
  rule(process.cwd.startsWith('/'), 'process.cwd is absolute');
  rule(process.args.length > 0, 'process.args has one entry at least');
  rule(
    process.env.every((entry) => /^[^=\0]+=[^\0]*$/.test(entry)),
    'process.env entries are K=V',
  );
  rule(unique(process.env.map((entry) => entry.split('=', 1)[0])), 'process.env names are unique');
  for (const id of [process.user.uid, process.user.gid, ...(process.user.additionalGids ?? [])]) {
    rule(Number.isInteger(id) && id >= 0 && id < 2 ** 32 - 1, `id ${id} is an unsigned 32-bit number`);
  }
  rule(process.consoleSize === undefined || process.terminal === true, 'consoleSize only with a terminal');
  for (const [set, names] of Object.entries(process.capabilities ?? {})) {
    rule(
      names.every((name: string) => capabilityNames.includes(name)),
      `capabilities.${set} has known names`,
    );
    rule(unique(names), `capabilities.${set} is unique`);
  }
  const bounding = new Set(process.capabilities?.bounding);
  rule(process.capabilities?.permitted.every((name) => bounding.has(name)) ?? true, 'permitted capabilities are in the bounding set');
  rule(
    process.capabilities?.effective.every((name) => process.capabilities?.permitted.includes(name)) ?? true,
    'effective capabilities are permitted',
  );
  rule(unique((process.rlimits ?? []).map(({ type }) => type)), 'rlimits are unique');
  for (const { type, soft, hard } of process.rlimits ?? []) {
    rule(/^RLIMIT_[A-Z]+$/.test(type) && soft >= 0 && soft <= hard && hard < 2 ** 64, `${type}: 0 <= soft <= hard < 2^64`);
  }
  for (const { destination, type, source, options } of spec.mounts) {
    rule(destination.startsWith('/') && destination !== '/', `mount destination ${destination} is absolute`);
    rule(type !== 'bind' || source?.startsWith('/') === true, `bind source of ${destination} is absolute`);
    rule(type !== 'bind' || options?.some((option) => option === 'bind' || option === 'rbind') === true, `bind of ${destination} says so`);
    rule(!(options?.includes('ro') === true && options.includes('rw')), `${destination} is ro or rw`);
  }
  rule(unique(spec.mounts.map(({ destination }) => destination)), 'mount destinations are unique');
  rule(unique(linux.namespaces.map(({ type }) => type)), 'namespaces are unique');
  rule(
    linux.namespaces.some(({ type }) => type === 'mount'),
    'there is a mount namespace',
  );
  const hasUts = linux.namespaces.some(({ type }) => type === 'uts');
  rule(spec.hostname === undefined || hasUts, 'hostname only with a UTS namespace');
  for (const path of [...(linux.maskedPaths ?? []), ...(linux.readonlyPaths ?? [])]) rule(path.startsWith('/'), `path ${path} is absolute`);
  for (const device of linux.devices ?? []) {
    rule(device.path.startsWith('/') && ['c', 'b', 'u', 'p'].includes(device.type), `device ${device.path} is one`);
    rule(device.major >= 0 && device.minor >= 0, `device ${device.path} has numbers`);
  }
  rule(unique((linux.devices ?? []).map(({ path }) => path)), 'device paths are unique');
  for (const rules of linux.resources?.devices ?? []) rule(/^[rwm]{1,3}$/.test(rules.access ?? 'rwm'), 'device access is of r, w, m');
  for (const syscall of linux.seccomp?.syscalls ?? []) rule(syscall.names.length > 0, 'seccomp rules name a call');
  rule(linux.cgroupsPath === undefined || linux.cgroupsPath.startsWith('/'), 'cgroupsPath is absolute');
  return broken;
}

function unique(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}
