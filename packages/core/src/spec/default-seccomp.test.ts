import { describe, expect, test } from 'vitest';
import { defaultCapabilities } from './capability-names.ts';
import { createDefaultSeccomp } from './default-seccomp.ts';

const profile = (capabilities: readonly string[] = defaultCapabilities, architecture = 'amd64') =>
  createDefaultSeccomp({ capabilities, architecture });
const allowed = (capabilities?: readonly string[], architecture?: string): Set<string> =>
  new Set(
    profile(capabilities, architecture)
      .syscalls?.filter(({ action, args }) => action === 'SCMP_ACT_ALLOW' && args === undefined)
      .flatMap(({ names }) => names),
  );

describe('the default seccomp profile', () => {
  test('denies what it does not name, with EPERM', () => {
    expect(profile()).toMatchObject({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1 });
  });

  test.each([
    'io_uring_setup',
    'io_uring_enter',
    'keyctl',
    'add_key',
    'userfaultfd',
    'kexec_load',
    'bpf',
    'mount',
    'setns',
    'unshare',
    'reboot',
    'init_module',
    'clone',
    'socket',
    'personality',
    'nfsservctl',
    'pivot_root',
    'mbind',
  ])('does not allow %s outright', (name) => {
    expect(allowed().has(name)).toBe(false);
  });

  test.each(['read', 'execve', 'openat2', 'futex_waitv', 'mseal', 'landlock_restrict_self', 'chroot', 'ptrace', 'arch_prctl'])(
    'allows %s',
    (name) => {
      expect(allowed().has(name)).toBe(true);
    },
  );

  test.each([
    ['CAP_SYS_ADMIN', 'mount'],
    ['CAP_SYS_MODULE', 'init_module'],
    ['CAP_SYS_TIME', 'clock_settime'],
    ['CAP_SYS_NICE', 'mbind'],
    ['CAP_BPF', 'bpf'],
    ['CAP_DAC_READ_SEARCH', 'open_by_handle_at'],
  ])('%s opens %s', (capability, name) => {
    expect(allowed([]).has(name)).toBe(false);
    expect(allowed([capability]).has(name)).toBe(true);
  });

  test('clone3 is unknown, and clone makes no namespaces, without CAP_SYS_ADMIN', () => {
    const rules = profile().syscalls ?? [];
    expect(rules.find(({ names }) => names[0] === 'clone3')).toEqual({ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 });
    expect(rules.find(({ names }) => names[0] === 'clone')?.args).toEqual([
      { index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' },
    ]);
    expect(profile(['CAP_SYS_ADMIN']).syscalls?.some(({ names }) => names[0] === 'clone3')).toBe(false);
  });

  test('socket families are all but AF_ALG and AF_VSOCK', () => {
    const rules = (profile().syscalls ?? []).filter(({ names }) => names[0] === 'socket').map(({ args }) => args?.[0]);
    const allows = (family: number): boolean =>
      rules.some((rule) =>
        rule?.op === 'SCMP_CMP_LT' ? family < rule.value : rule?.op === 'SCMP_CMP_GT' ? family > rule.value : family === rule?.value,
      );
    expect([1, 2, 10, 16, 17, 37, 38, 39, 40, 41, 44].filter(allows)).toEqual([1, 2, 10, 16, 17, 37, 39, 41, 44]);
  });

  test('differs by architecture where the calls do', () => {
    expect(allowed(defaultCapabilities, 'arm64').has('arch_prctl')).toBe(false);
    expect(profile(defaultCapabilities, 'arm64').architectures).toEqual(['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
    expect(profile(defaultCapabilities, 's390x').syscalls?.find(({ names }) => names[0] === 'clone')?.args?.[0]?.index).toBe(1);
  });

  test('is the same for the same input, and nobody shares it', () => {
    const one = profile();
    one.syscalls?.[0]?.names.push('mount');
    expect(profile()).toEqual(profile());
    expect(allowed().has('mount')).toBe(false);
  });

  test('names each call once', () => {
    const names = profile().syscalls?.[0]?.names ?? [];
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(350);
    expect(names.every((name) => /^[a-z_][a-z0-9_]+$/.test(name))).toBe(true);
  });
});
