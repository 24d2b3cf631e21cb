import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { JockerError } from '@jocker/core';
import { createExitWatch, type ExitWatch } from '../conmon/exit-watch.ts';
import { engineCgroup, prepareHiding, readCgroupLayout, type CgroupLayout } from './cgroup-layout.ts';
import { watchDirectory, type DirectoryWatch } from './directory-watch.ts';
import { createPrewarmer, type Prewarmer } from './prewarm.ts';
import { findProgram } from './probe-runtime.ts';
import type { RuntimeCommandLine } from './runtime-command-line.ts';
import { createSeccompCache, type SeccompCache } from './seccomp-cache.ts';

/** What a backend finds out and opens once, at its first call. */
export interface BackendContext {
  readonly runtime: string;
  readonly conmon: string;
  readonly layout: CgroupLayout;
  /** `--root` of the runtime. */
  readonly stateDirectory: string;
  readonly exitDirectory: string;
  readonly exits: ExitWatch;
  readonly execs: DirectoryWatch;
  readonly seccomp: SeccompCache | undefined;
  readonly prewarmer: Prewarmer | undefined;
  close(): Promise<void>;
}

export interface BackendContextOptions {
  readonly commandLine: RuntimeCommandLine;
  readonly directory: string;
  readonly engineId: string;
  readonly runtime: string;
  readonly conmon: string;
}

export async function createBackendContext(options: BackendContextOptions): Promise<BackendContext> {
  const { commandLine, directory } = options;
  const [found, runtime, conmon] = await Promise.all([
    readCgroupLayout(options.engineId),
    findProgram(options.runtime),
    findProgram(options.conmon),
  ]);
  const layout = commandLine.refusesHybridCgroups ? found : { ...found, hiding: [] };
  if (runtime === undefined || conmon === undefined) {
    throw new JockerError('unavailable', `${runtime === undefined ? options.runtime : options.conmon} is not installed`);
  }
  const obstacle = await prepareHiding(layout);
  if (obstacle !== undefined) throw new JockerError('unavailable', obstacle);
  const stateDirectory = join(directory, 'state');
  const exitDirectory = join(directory, 'exits');
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  const [exits, execs] = await Promise.all([createExitWatch(exitDirectory), watchDirectory(join(directory, 'execs'))]);
  const prewarmer =
    layout.unified === undefined
      ? undefined
      : createPrewarmer(`${layout.unified}${engineCgroup(options.engineId)}/warm-${commandLine.name}`);
  return {
    runtime,
    conmon,
    layout,
    stateDirectory,
    exitDirectory,
    exits,
    execs,
    seccomp: commandLine.takesCompiledSeccomp ? createSeccompCache(join(directory, 'seccomp')) : undefined,
    prewarmer,
    async close() {
      exits[Symbol.dispose]();
      execs[Symbol.dispose]();
      await prewarmer?.close();
    },
  };
}
