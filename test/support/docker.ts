import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { collect, type Ran, type RunOptions, type TestDaemon } from './daemon.ts';
import { sitAtTerminal, type TerminalUser } from './terminal.ts';

/** Docker's own CLI against a daemon of ours, with an empty configuration. */
export interface DockerCli {
  /** Runs `docker ARGS` to its end. */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The same for a run that must succeed; gives what it printed, without the last line end. */
  print(args: readonly string[], options?: RunOptions): Promise<string>;
  start(args: readonly string[], options?: RunOptions): ChildProcess;
  sitsAtTerminal(args: readonly string[], size?: readonly [number, number]): TerminalUser;
}

export function dockerCli({ socketPath, directory }: TestDaemon): DockerCli {
  const environment = { ...process.env, DOCKER_HOST: `unix://${socketPath}`, DOCKER_CONFIG: join(directory, 'docker-config') };
  const start: DockerCli['start'] = (args, { cwd, env } = {}) =>
    spawn('docker', args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...environment, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
  const run: DockerCli['run'] = async (args, options = {}) => collect(start(args, options), options.input);
  return {
    start,
    run,
    async print(args, options) {
      const ran = await run(args, options);
      if (ran.exitCode !== 0) throw new Error(`docker ${args.join(' ')} ended with ${ran.exitCode}: ${ran.stderr}${ran.stdout}`);
      return ran.stdout.replace(/\n$/, '');
    },
    sitsAtTerminal: (args, size) => sitAtTerminal({ program: 'docker', env: environment }, args, size),
  };
}
