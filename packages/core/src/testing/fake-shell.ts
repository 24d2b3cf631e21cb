import type { FakeProcess } from './fake-process.ts';
import { constants } from 'node:os';

/** Enough of sh for tests: lists, `&&`, `||`, `&` with `wait`, quotes, `$?`, `$$`, `$NAME`, `>&2`, while, trap, exec, read, exit. */
export async function runFakeShell(process: FakeProcess): Promise<number> {
  const script = process.args[1] === '-c' ? process.args[2] : undefined;
  const shell = createShell(process);
  if (script !== undefined) return await shell.runScript(script);
  let rest = '';
  for (let data = await process.read(); data !== undefined; data = await process.read()) {
    const lines = (rest + data.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      await shell.runScript(line);
      if (shell.exitCode() !== undefined) return shell.exitCode() ?? 0;
    }
  }
  return shell.status();
}

interface Shell {
  runScript(script: string): Promise<number>;
  /** Set once the script said `exit`. */
  exitCode(): number | undefined;
  status(): number;
}

const separators = new Set([';', '&', '&&', '||', '\n']);
const signalNumber = (name: string): number =>
  /^\d+$/.test(name) ? Number(name) : (constants.signals[`SIG${name.replace(/^SIG/, '')}` as NodeJS.Signals] ?? 0);

function tokenize(script: string): string[] {
  const pattern = /\s*(?:(\n|&&|\|\||;|>&2|2>&1|&)|((?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s;&|'"\\])+))/gy;
  return [...script.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? '');
}

function createShell(process: FakeProcess): Shell {
  let status = 0;
  let exited: number | undefined;
  const variables: Record<string, string> = { ...process.env };
  const traps: string[] = [];
  const background: Promise<unknown>[] = [];

  const expand = (word: string): string =>
    [...word.matchAll(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|([^'"\\]+)/g)]
      .map(([, single, double, escaped, plain]) => single ?? escaped ?? substitute((double ?? plain ?? '').replaceAll(/\\(["\\$])/g, '$1')))
      .join('');
  const substitute = (text: string): string =>
    text.replaceAll(/\$(?:\{(\w+)\}|(\w+|\?|\$))/g, (_, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare ?? '';
      return name === '?' ? String(status) : name === '$' ? String(process.pid) : (variables[name] ?? '');
    });

  const simple = async (words: readonly string[]): Promise<number> => {
    const toStderr = words.includes('>&2');
    const args = words.filter((word) => word !== '>&2' && word !== '2>&1').map(expand);
    const name = args[0] ?? ':';
    const assignment = /^(\w+)=(.*)$/s.exec(name);
    if (assignment !== null) {
      variables[assignment[1] ?? ''] = assignment[2] ?? '';
      return 0;
    }
    switch (name) {
      case ':':
        return 0;
      case 'exit':
        exited = Number(args[1] ?? status);
        return exited;
      case 'wait':
        for (const job of background) await Promise.race([job, untilTrap()]);
        return await runTraps();
      case 'trap':
        for (const signal of args.slice(2)) process.trap(signalNumber(signal), () => void traps.push(args[1] ?? ''));
        return 0;
      case 'kill':
        process.kill(signalNumber((args[1] ?? '-TERM').slice(1)));
        return await runTraps();
      case 'read':
        return await readLine(args[1] ?? 'REPLY');
      case 'exec':
        exited = await process.exec(args.slice(1));
        return exited;
      default:
        return await external(args, toStderr);
    }
  };
  const external = async (args: readonly string[], toStderr: boolean): Promise<number> => {
    const code = toStderr ? await process.write('stderr', `${args.slice(1).join(' ')}\n`).then(() => 0) : await process.exec(args);
    if (code === 127) await process.write('stderr', `sh: ${args[0] ?? ''}: not found\n`);
    return code;
  };
  const untilTrap = async (): Promise<void> => {
    while (traps.length === 0) await process.sleep(2_000_000_000);
  };
  const runTraps = async (): Promise<number> => {
    for (let script = traps.shift(); script !== undefined && exited === undefined; script = traps.shift()) await list(tokenize(script));
    return status;
  };
  let lineRest = '';
  const readLine = async (variable: string): Promise<number> => {
    while (!lineRest.includes('\n')) {
      const data = await process.read();
      if (data === undefined) return 1;
      lineRest += data.toString();
    }
    const end = lineRest.indexOf('\n');
    variables[variable] = lineRest.slice(0, end);
    lineRest = lineRest.slice(end + 1);
    return 0;
  };

  /** `while LIST; do LIST; done` as one command, other commands up to the next separator. */
  const command = async (tokens: string[]): Promise<() => Promise<number>> => {
    if (tokens[0] !== 'while') {
      const words: string[] = [];
      while (tokens[0] !== undefined && !separators.has(tokens[0])) words.push(tokens.shift() ?? '');
      return () => simple(words);
    }
    const body = tokens.indexOf('do');
    const end = tokens.indexOf('done');
    const condition = tokens.slice(1, body);
    const loop = tokens.slice(body + 1, end);
    tokens.splice(0, end + 1);
    return async () => {
      while (exited === undefined && (await list([...condition])) === 0 && exited === undefined) await list([...loop]);
      return status;
    };
  };
  const list = async (tokens: string[]): Promise<number> => {
    let skip = false;
    while (tokens.length > 0 && exited === undefined) {
      const run = await command(tokens);
      const separator = tokens.shift();
      if (separator === '&') background.push(run());
      else if (!skip) {
        status = await run();
        await runTraps();
      }
      skip = (separator === '&&' && status !== 0) || (separator === '||' && status === 0);
    }
    return exited ?? status;
  };
  return { runScript: (script) => list(tokenize(script)), exitCode: () => exited, status: () => status };
}
