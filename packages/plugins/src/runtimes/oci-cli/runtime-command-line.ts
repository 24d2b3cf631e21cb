/** What differs between OCI command-line runtimes, as data. Everything else is the same driver. */
export interface RuntimeCommandLine {
  readonly name: string;
  /** Where to look when no path was given. */
  readonly program: string;
  readonly debianPackage: string;
  /** Refuses a host with v1 controllers next to a cgroup2 mount that has controllers too; needs that mount hidden. */
  readonly refusesHybridCgroups: boolean;
  /** `create` has checked everything and left the process waiting on `exec.fifo`: one byte starts it. */
  readonly startsByFifo: boolean;
  /** Takes the compiled filter through `run.oci.seccomp_bpf_data` and leaves it in its state directory. */
  readonly takesCompiledSeccomp: boolean;
  /** How `exec` takes a terminal: sends one of its own through a socket, or uses the one that is its stdin. */
  readonly execTerminal: 'console-socket' | 'stdin';
  /** After `--root DIR`. */
  readonly arguments: {
    start(id: string): readonly string[];
    pause(id: string): readonly string[];
    resume(id: string): readonly string[];
    update(id: string, resourcesFile: string): readonly string[];
    delete(id: string): readonly string[];
    exec(id: string, files: ExecFiles): readonly string[];
  };
}

export interface ExecFiles {
  readonly process: string;
  readonly pid: string;
  readonly consoleSocket: string | undefined;
}

/** The verbs that crun and runc spell alike. */
export const commonArguments: RuntimeCommandLine['arguments'] = {
  start: (id) => ['start', id],
  pause: (id) => ['pause', id],
  resume: (id) => ['resume', id],
  update: (id, resourcesFile) => ['update', '--resources', resourcesFile, id],
  delete: (id) => ['delete', '--force', id],
  exec: (id, files) => [
    'exec',
    '--process',
    files.process,
    '--pid-file',
    files.pid,
    ...(files.consoleSocket === undefined ? [] : ['--console-socket', files.consoleSocket]),
    id,
  ],
};
