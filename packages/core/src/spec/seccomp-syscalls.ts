/**
 * The default system call policy as data. Names a kernel or libseccomp does not know are skipped by the runtimes, so one
 * list serves all. What is in no list answers EPERM; among those, on purpose: io_uring_* (its requests pass seccomp by),
 * userfaultfd, keyctl and friends, kexec, bpf, mount and everything else that needs a capability of its own.
 */
export interface SyscallGroup {
  readonly names: readonly string[];
  /** Allowed when the container has any of these capabilities. */
  readonly capabilities?: readonly string[];
  /** Allowed on these machines only, in Go's words. */
  readonly architectures?: readonly string[];
}

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Until Linux 5.0. `socketcall` hides its arguments from seccomp: 32-bit programs need it, the socket families below bind 64-bit ones. */
const longKnown = words(`
  _llseek _newselect accept accept4 access adjtimex alarm bind brk capget capset chdir chmod chown chown32
  clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
  clock_nanosleep_time64 close connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl
  epoll_ctl_old epoll_pwait epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat
  fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchown fchown32 fchownat fcntl fcntl64
  fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync
  ftruncate ftruncate64 futex futex_time64 futimesat get_robust_list get_thread_area getcpu getcwd getdents getdents64
  getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp
  getpid getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid
  getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr inotify_add_watch inotify_init inotify_init1
  inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl
  ioprio_get ioprio_set ipc kill lchown lchown32 lgetxattr link linkat listen listxattr llistxattr lremovexattr lseek
  lsetxattr lstat lstat64 madvise membarrier memfd_create mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall
  mmap mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
  mq_timedsend_time64 mq_unlink mremap msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at
  nanosleep newfstatat open openat pause pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl
  pread64 preadv preadv2 prlimit64 pselect6 pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink
  readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr rename renameat
  renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
  rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min
  sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64
  sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop
  semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto set_robust_list set_thread_area
  set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid
  setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid
  setsockopt setuid setuid32 setxattr shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask
  sigreturn socketcall socketpair splice stat stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range
  syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64
  timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64
  times tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat utime utimensat utimensat_time64 utimes vfork
  vmsplice wait4 waitid waitpid write writev
`);

/** Later calls, by the kernel that brought them; each was looked at before it came in. */
const since: readonly (readonly [kernel: string, names: string])[] = [
  ['5.1', 'pidfd_send_signal'],
  ['5.3', 'pidfd_open'],
  ['5.6', 'openat2'],
  ['5.8', 'faccessat2'],
  ['5.9', 'close_range'],
  ['5.11', 'epoll_pwait2'],
  ['5.13', 'landlock_add_rule landlock_create_ruleset landlock_restrict_self'],
  ['5.14', 'memfd_secret'],
  ['5.15', 'process_mrelease'],
  ['5.16', 'futex_waitv'],
  ['6.4', 'riscv_hwprobe'],
  ['6.5', 'cachestat'],
  ['6.6', 'fchmodat2 map_shadow_stack'],
  ['6.7', 'futex_requeue futex_wait futex_wake'],
  ['6.8', 'listmount statmount'],
  ['6.10', 'mseal'],
  ['6.11', 'uretprobe'],
  ['6.13', 'getxattrat listxattrat removexattrat setxattrat'],
];

export const syscallGroups: readonly SyscallGroup[] = [
  { names: [...longKnown, ...since.flatMap(([, names]) => words(names))].toSorted() },
  // Own processes only since Linux 4.8, where ptrace can no longer change what seccomp decided.
  { names: ['process_vm_readv', 'process_vm_writev', 'ptrace'] },
  { names: ['arch_prctl', 'modify_ldt'], architectures: ['amd64'] },
  { names: ['modify_ldt'], architectures: ['386'] },
  {
    names: ['arm_fadvise64_64', 'arm_sync_file_range', 'breakpoint', 'cacheflush', 'set_tls', 'sync_file_range2'],
    architectures: ['arm', 'arm64'],
  },
  { names: ['swapcontext', 'sync_file_range2'], architectures: ['ppc64le'] },
  { names: ['riscv_flush_icache'], architectures: ['riscv64'] },
  { names: ['s390_pci_mmio_read', 's390_pci_mmio_write', 's390_runtime_instr'], architectures: ['s390x'] },
  { names: ['open_by_handle_at'], capabilities: ['CAP_DAC_READ_SEARCH'] },
  {
    names: words(`
      bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree
      perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare
    `),
    capabilities: ['CAP_SYS_ADMIN'],
  },
  { names: ['reboot'], capabilities: ['CAP_SYS_BOOT'] },
  { names: ['chroot'], capabilities: ['CAP_SYS_CHROOT'] },
  { names: ['delete_module', 'finit_module', 'init_module'], capabilities: ['CAP_SYS_MODULE'] },
  { names: ['acct'], capabilities: ['CAP_SYS_PACCT'] },
  { names: ['kcmp', 'pidfd_getfd', 'process_madvise'], capabilities: ['CAP_SYS_PTRACE'] },
  { names: ['ioperm', 'iopl'], capabilities: ['CAP_SYS_RAWIO'] },
  { names: ['clock_settime', 'clock_settime64', 'settimeofday', 'stime'], capabilities: ['CAP_SYS_TIME'] },
  { names: ['vhangup'], capabilities: ['CAP_SYS_TTY_CONFIG'] },
  { names: ['get_mempolicy', 'mbind', 'set_mempolicy', 'set_mempolicy_home_node'], capabilities: ['CAP_SYS_NICE'] },
  { names: ['syslog'], capabilities: ['CAP_SYSLOG'] },
  { names: ['bpf'], capabilities: ['CAP_BPF'] },
  { names: ['perf_event_open'], capabilities: ['CAP_PERFMON'] },
];

/** Sub-architectures whose programs the same kernel runs; the filter must name them, or their calls are killed. */
export const seccompArchitectures: Readonly<Record<string, readonly string[]>> = {
  amd64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
  arm: ['SCMP_ARCH_ARM'],
  '386': ['SCMP_ARCH_X86'],
  ppc64le: ['SCMP_ARCH_PPC64LE'],
  riscv64: ['SCMP_ARCH_RISCV64'],
  s390x: ['SCMP_ARCH_S390X', 'SCMP_ARCH_S390'],
};
