import { runFakeShell } from './fake-shell.ts';
import type { FakeProcess, FakeProgram } from './fake-process.ts';

const printLine = async (process: FakeProcess, text: string): Promise<number> => {
  await process.write('stdout', text);
  return 0;
};

/** By the program's base name. */
export const fakePrograms: Readonly<Record<string, FakeProgram>> = {
  true: () => 0,
  false: () => 1,
  echo: (process) =>
    process.args[1] === '-n'
      ? printLine(process, process.args.slice(2).join(' '))
      : printLine(process, `${process.args.slice(1).join(' ')}\n`),
  printf: (process) => printLine(process, (process.args[1] ?? '').replaceAll('\\n', '\n')),
  pwd: (process) => printLine(process, `${process.cwd}\n`),
  env: (process) =>
    printLine(
      process,
      Object.entries(process.env)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    ),
  stty: (process) => printLine(process, `${process.size.rows} ${process.size.columns}\n`),
  async cat(process) {
    for (let data = await process.read(); data !== undefined; data = await process.read()) await process.write('stdout', data);
    return 0;
  },
  async sleep(process) {
    const seconds = process.args[1] === 'infinity' ? 2_000_000 : Number(process.args[1]);
    await process.sleep(seconds * 1000);
    return 0;
  },
  /** `head -c BYTES /dev/zero` */
  async head(process) {
    const block = Buffer.alloc(65_536);
    for (let left = Number(process.args[2]); left > 0; left -= block.length) {
      await process.write('stdout', block.subarray(0, Math.min(left, block.length)));
    }
    return 0;
  },
  /** `tail /dev/zero`: takes memory until there is no more. */
  async tail(process) {
    process.exhaustMemory();
    await process.sleep(0);
    return 0;
  },
  sh: runFakeShell,
  busybox: (process) => process.exec(process.args.slice(1)),
};
