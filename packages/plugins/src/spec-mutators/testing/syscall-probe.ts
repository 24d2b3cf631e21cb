import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A call with up to three arguments; numbers by architecture, as Node names it. */
export interface ProbedCall {
  readonly name: string;
  readonly x64: number;
  readonly arm64: number;
  readonly args: readonly [number, number, number];
}

const call = (name: string, x64: number, arm64: number, ...args: [number?, number?, number?]): ProbedCall => ({
  name,
  x64,
  arm64,
  args: [args[0] ?? 0, args[1] ?? 0, args[2] ?? 0],
});

const probedCalls: readonly ProbedCall[] = [
  call('getpid', 39, 172),
  call('socket of AF_INET', 41, 198, 2, 1),
  call('socket of AF_ALG', 41, 198, 38, 5),
  call('socket of AF_VSOCK', 41, 198, 40, 1),
  call('clone3', 435, 435),
  call('io_uring_setup', 425, 425, 1),
  call('unshare of a user namespace', 272, 97, 0x1000_0000),
  call('unshare of a mount namespace', 272, 97, 0x2_0000),
  call('keyctl', 250, 219),
  call('userfaultfd', 323, 282, 1),
  call('personality as a question', 135, 92, 0xffff_ffff),
  call('personality without address randomization', 135, 92, 0x4_0000),
  call('ptrace of itself', 101, 117),
];

/** A program without any library that makes the calls and prints their errno, one to a line. */
export async function compileProbe(folder: string): Promise<string> {
  const rows = probedCalls.map(({ args, ...numbers }) => `{${numbers[process.arch === 'arm64' ? 'arm64' : 'x64']}u, ${args.join('u, ')}u}`);
  const source = join(folder, 'probe.c');
  await writeFile(
    source,
    `
#if defined(__x86_64__)
enum { write_number = 1, exit_number = 60 };
static long call(long number, long a, long b, long c) {
  long result;
  register long d __asm__("r10") = 0, e __asm__("r8") = 0;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(d), "r"(e) : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
enum { write_number = 64, exit_number = 93 };
static long call(long number, long a, long b, long c) {
  register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c, x3 __asm__("x3") = 0, x4 __asm__("x4") = 0;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}
#endif
static const unsigned rows[][4] = { ${rows.join(', ')} };
void _start(void) {
  for (unsigned row = 0; row < ${rows.length}; row++) {
    long result = call(rows[row][0], rows[row][1], rows[row][2], rows[row][3]);
    unsigned error = result < 0 && result > -4096 ? -result : 0;
    char text[4] = { '0' + error / 100, '0' + error / 10 % 10, '0' + error % 10, '\\n' };
    call(write_number, 1, (long)text, 4);
  }
  for (;;) call(exit_number, 0, 0, 0);
}
`,
  );
  const program = join(folder, 'probe');
  await run('cc', ['-O1', '-static', '-nostdlib', '-ffreestanding', '-fno-stack-protector', '-fno-pie', '-no-pie', '-o', program, source]);
  return program;
}

export function parseErrors(output: string): Record<string, number> {
  const lines = output.trim().split('\n').map(Number);
  return Object.fromEntries(probedCalls.map(({ name }, index) => [name, lines[index] ?? Number.NaN]));
}
