import type { ImageRunConfig } from '../oci/image-config.ts';
import type { OciSpec } from '../oci/runtime-spec.ts';
import type { CreateRequest } from '../container/create-request.ts';
import type { OperationContext } from '../operation/operation-context.ts';

/**
 * Edits a private draft of config.json. All mutators run, in sequence: `early`, then `normal`, then `late`; within a phase as
 * they wish by `before` and `after`, then in load order. The engine keeps the JSON patch that each one made, and names the
 * mutator in the error when it throws. A change that widens what confines the container needs a permission of its plugin.
 */
export interface SpecMutator {
  readonly name: string;
  readonly phase?: 'early' | 'normal' | 'late';
  /** Names of mutators of the same or a later phase; one that is not there is no wish. */
  readonly before?: readonly string[];
  /** Names of mutators of the same or an earlier phase. */
  readonly after?: readonly string[];
  mutate(draft: OciSpec, input: SpecInput): void | Promise<void>;
}

/** What a mutator may look at. Everything here is frozen. */
export interface SpecInput {
  readonly containerId: string;
  readonly request: CreateRequest;
  readonly image: { readonly reference: string; readonly config: ImageRunConfig };
  readonly host: HostFacts;
  /** Files that only this container sees (hosts, hostname, resolv.conf); made before the mutators run, removed with it. */
  readonly stateDirectory: string;
  /** Reads of the container's own root file system, safe against what the image put there. */
  readonly rootfs: RootfsReader;
  /** Where the files of the request's volumes lie, by name, as far as that is known before the start. */
  readonly volumes: ReadonlyMap<string, string>;
  readonly context: OperationContext;
}

export interface RootfsReader {
  /** Regular file inside the root (symlinks resolved inside it), at most 1 MiB; undefined when it is not there or is not regular. */
  readFile(path: string): Promise<Buffer | undefined>;
  /** What is at `path`, symlinks resolved inside the root. */
  stat(path: string): Promise<'file' | 'directory' | 'other' | undefined>;
  /**
   * `path` with its symlinks followed inside the root, as far as it exists; what is missing is kept as it stands. Undefined
   * when a symlink climbs above the root or links form a loop: nothing may be mounted or started there.
   */
  resolve(path: string): Promise<string | undefined>;
}

/** What this machine lets containers have. */
export interface HostFacts {
  readonly cgroup: {
    readonly version: 'v1' | 'hybrid' | 'v2';
    /** By their v1 names where the two differ: `blkio`, `cpu`, `cpuset`, `memory`, `pids`. */
    readonly controllers: readonly string[];
    /** Whether swap can be limited; absent means that it cannot. */
    readonly swapLimit?: boolean;
    /** Whether block I/O can be weighted; absent means that it cannot. */
    readonly blkioWeight?: boolean;
  };
  /** Capabilities in the daemon's bounding set, as `CAP_…`. */
  readonly capabilities: readonly string[];
  /** Hard limits of the daemon, by OCI name (`RLIMIT_NOFILE`), -1 for unlimited; a container never gets more without CAP_SYS_RESOURCE. */
  readonly rlimits: Readonly<Record<string, number>>;
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly kernelRelease: string;
  readonly apparmor: boolean;
  readonly seccomp: boolean;
  /** The daemon's own oom_score_adj: without CAP_SYS_RESOURCE nothing can go below it. 0 when absent. */
  readonly oomScoreAdj?: number;
  /** `/sys/devices/system/cpu/cpuN/thermal_throttle` of each CPU that has it; masked in containers. */
  readonly thermalThrottlePaths?: readonly string[];
}
