/**
 * The system calls that Node lacks, and nothing else. Paths may be Buffers: names in layers are bytes. Every call is
 * synchronous unless it says otherwise, and throws an Error with `code` (`ENOENT`), `errno` and `syscall` like node:fs.
 */
export interface NativeCalls {
  /** mount(2). `flags` as MS_… numbers (see `mountFlags`), `data` the file system's own options. */
  mount(source: string, target: string, type: string, flags: number, data: string): void;
  /** umount2(2); `flags` 2 is MNT_DETACH. */
  unmount(target: string, flags: number): void;
  /** The new mount API (fsopen, fsconfig `lowerdir+`, fsmount, move_mount): any number of layers of any length. Linux ≥ 6.7. */
  mountOverlay(
    target: string,
    options: { readonly lower: readonly string[]; readonly upper?: string; readonly work?: string; readonly extra?: readonly string[] },
  ): void;

  lsetxattr(path: string | Buffer, name: string | Buffer, value: Buffer): void;
  lgetxattr(path: string | Buffer, name: string | Buffer): Buffer;
  llistxattr(path: string | Buffer): Buffer[];
  lremovexattr(path: string | Buffer, name: string | Buffer): void;
  /** mknod(2): `mode` with S_IFCHR, S_IFBLK, S_IFIFO or S_IFREG. */
  mknod(path: string | Buffer, mode: number, major: number, minor: number): void;
  /** Never follows a symlink: EOPNOTSUPP for one. What node:fs calls lchmod exists on macOS only. */
  lchmod(path: string | Buffer, mode: number): void;
  /** utimensat(2) with AT_SYMLINK_NOFOLLOW; nanoseconds since 1970, negative allowed. */
  lutimes(path: string | Buffer, atimeNs: bigint, mtimeNs: bigint): void;
  /** openat2(2). `resolve`: RESOLVE_IN_ROOT 0x10, RESOLVE_BENEATH 0x08, RESOLVE_NO_SYMLINKS 0x04, RESOLVE_NO_MAGICLINKS 0x02. Close-on-exec is added. Returns a descriptor. */
  openat2(directoryFd: number, path: string | Buffer, flags: number, mode: number, resolve: number): number;
  /** On the thread pool: it waits for the disk. Keep the descriptor open until it settles. */
  syncfs(fd: number): Promise<void>;
  /** flock(2), LOCK_EX|LOCK_NB. False when another holds it. */
  tryLock(fd: number): boolean;
  /** pipe2(2), close-on-exec: [read end, write end]. Real pipes: what Node calls a pipe is a socket pair, which /dev/stdout cannot reopen. */
  pipe(): [number, number];
  /** A pseudo terminal, close-on-exec: [master, which does not block, and slave]. */
  openTerminal(): [number, number];
  /** TIOCSWINSZ. */
  setWindowSize(fd: number, columns: number, rows: number): void;
  /**
   * A NETLINK_ROUTE socket in the network namespace that a descriptor stands for (this process's own without one); the caller
   * closes it with node:fs.
   */
  openNetlink(namespaceFd?: number): number;
  /**
   * Sends one message (with NLM_F_ACK or NLM_F_DUMP) and answers with the messages that came back, one behind the other, each
   * padded to four bytes. A refusal is thrown with the kernel's own explanation when there is one.
   */
  netlinkRequest(fd: number, message: Buffer): Buffer;
  /** PR_SET_CHILD_SUBREAPER. */
  setChildSubreaper(on: boolean): void;

  /**
   * vfork + exec, about 0.2 ms whatever the size of this process (Node's own spawn forks). In the child, in this order:
   * a new mount namespace in which everything is a slave and `mounts` are made (when given), `cwd`, descriptors, exec. All
   * other descriptors are closed. A failing step throws here, with the step in the message, and no child is left.
   */
  spawn(options: SpawnOptions): SpawnedProcess;

  /**
   * A connection to a SOCK_SEQPACKET socket (conmon's attach). `onPacket` gets each packet whole; `onEnd` once, after the
   * last packet or `close`, with an error or without. Paths longer than sun_path go through /proc/self/fd.
   */
  connectSeqpacket(path: string, onPacket: (packet: Buffer) => void, onEnd: (error: Error | undefined) => void): SeqpacketConnection;

  /**
   * Listens on a unix stream socket for one connection and one SCM_RIGHTS message (a runtime's `--console-socket`).
   * Resolves with the received descriptor, close-on-exec and non-blocking; the socket file is removed.
   */
  receiveDescriptor(path: string, timeoutMs: number): { readonly descriptor: Promise<number>; cancel(): void };
}

export interface SpawnOptions {
  readonly file: string;
  /** With argv[0]. */
  readonly args: readonly string[];
  /** `K=V`; nothing is inherited. */
  readonly env: readonly string[];
  readonly cwd?: string;
  /** Descriptor of this process for the child's descriptor i; `null` leaves it closed, 'null' opens /dev/null. */
  readonly descriptors: readonly (number | 'null' | null)[];
  /** Makes a private mount namespace for the child and mounts these in it, in order. */
  readonly mounts?: readonly {
    readonly source: string;
    readonly target: string;
    readonly type: string;
    readonly flags: number;
    readonly data: string;
  }[];
  /** setsid(2) in the child. */
  readonly newSession?: boolean;
}

export interface SpawnedProcess {
  readonly pid: number;
  /** Resolves once, when the child was reaped: the code, or 128+signal. */
  readonly exited: Promise<{ readonly exitCode: number; readonly signal: number }>;
}

export interface SeqpacketConnection {
  /** Resolves when the kernel took it. Calls are sent in order; more than 16 KiB go as several packets (conmon truncates long ones). */
  send(packet: Buffer): Promise<void>;
  /** shutdown(2) of the writing half: conmon closes the process's stdin. */
  endWrites(): Promise<void>;
  close(): void;
}
