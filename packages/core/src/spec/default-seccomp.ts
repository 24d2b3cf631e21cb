import type { OciSeccomp } from '../oci/runtime-spec.ts';
import { seccompArchitectures, syscallGroups } from './seccomp-syscalls.ts';

const errnoEperm = 1;
const errnoEnosys = 38;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET: clone(2) without CAP_SYS_ADMIN makes no namespaces. */
const namespaceFlags = 0x7e02_0000;

/** PER_LINUX and PER_LINUX32, each with and without UNAME26, and the query. */
const personalities = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/**
 * AF_ALG (38; CVE-2026-31431) reaches kernel code that no container needs, AF_VSOCK (40) talks past every network
 * namespace. Comparisons of one argument in one rule are alternatives for some runtimes, hence a rule for each range.
 */
const allowedSocketFamilies = [
  { op: 'SCMP_CMP_LT', value: 38 },
  { op: 'SCMP_CMP_EQ', value: 39 },
  { op: 'SCMP_CMP_GT', value: 40 },
];

export interface DefaultSeccompInput {
  /** What the container's process may have, as `CAP_…`. */
  readonly capabilities: readonly string[];
  /** In Go's words. */
  readonly architecture: string;
}

type Rule = NonNullable<OciSeccomp['syscalls']>[number];

/** The allow-list that a container gets unless it asks for another: a fresh object at every call, equal for equal input. */
export function createDefaultSeccomp({ capabilities, architecture }: DefaultSeccompInput): OciSeccomp {
  const allowed = new Set<string>();
  for (const group of syscallGroups) {
    if (group.architectures !== undefined && !group.architectures.includes(architecture)) continue;
    if (group.capabilities !== undefined && !group.capabilities.some((name) => capabilities.includes(name))) continue;
    for (const name of group.names) allowed.add(name);
  }
  const rules: Rule[] = [{ names: [...allowed], action: 'SCMP_ACT_ALLOW' }];
  for (const { op, value } of allowedSocketFamilies) rules.push(allowArgument('socket', 0, value, op));
  for (const value of personalities) rules.push(allowArgument('personality', 0, value, 'SCMP_CMP_EQ'));
  if (!allowed.has('clone')) {
    const flagsIndex = architecture === 's390x' ? 1 : 0;
    rules.push({
      names: ['clone'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: flagsIndex, value: namespaceFlags, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    });
    // Its flags lie behind a pointer; ENOSYS makes the C libraries fall back to clone.
    rules.push({ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: errnoEnosys });
  }
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: errnoEperm,
    architectures: [...(seccompArchitectures[architecture] ?? [])],
    syscalls: rules,
  };
}

function allowArgument(name: string, index: number, value: number, op: string): Rule {
  return { names: [name], action: 'SCMP_ACT_ALLOW', args: [{ index, value, op }] };
}
