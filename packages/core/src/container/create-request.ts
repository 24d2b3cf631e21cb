import type { Healthcheck } from '../oci/image-config.ts';
import type { EndpointSettings } from '../network/network-attachment.ts';
import type { PortRequest } from '../network/network-record.ts';
import type { OciSeccomp } from '../oci/runtime-spec.ts';

/** What a user asks for. Absent means: the image's value, or jocker's default. Sizes in bytes. */
export interface CreateRequest {
  readonly image: string;
  /** `[a-zA-Z0-9][a-zA-Z0-9_.-]+`; made up when absent. */
  readonly name?: string;
  readonly pull?: 'missing' | 'always' | 'never';
  readonly platform?: string;

  /** Replaces the image's Cmd. */
  readonly command?: readonly string[];
  /** Replaces the image's Entrypoint and drops its Cmd. An empty array means: none. */
  readonly entrypoint?: readonly string[];
  /** `K=V`; a bare `K` unsets. Wins over the image's. */
  readonly env?: readonly string[];
  readonly workingDir?: string;
  /** `user`, `uid`, `user:group`, `uid:gid`. */
  readonly user?: string;
  readonly groupAdd?: readonly string[];
  readonly hostname?: string;
  readonly domainname?: string;
  readonly tty?: boolean;
  readonly consoleSize?: TerminalSize;
  /** Keep stdin open; without it the process reads from /dev/null. */
  readonly openStdin?: boolean;
  /** Close stdin when the first attached client ends its side. */
  readonly stdinOnce?: boolean;
  /** What a client means to attach to (Docker's AttachStdin/out/err); recorded, no effect on the process. */
  readonly attach?: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };

  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly exposedPorts?: readonly string[];
  readonly healthcheck?: Healthcheck;
  readonly stopSignal?: string;
  readonly stopTimeoutSeconds?: number;
  readonly autoRemove?: boolean;
  readonly restartPolicy?: RestartPolicy;

  readonly mounts?: readonly MountRequest[];
  /** `NAME[:ro]`: the volumes and binds of other containers. */
  readonly volumesFrom?: readonly string[];
  readonly readonlyRootfs?: boolean;
  readonly shmSizeBytes?: number;
  readonly devices?: readonly DeviceRequest[];
  readonly deviceCgroupRules?: readonly string[];

  /** `none`, `host`, `container:NAME`, the name of a network, or `default`. Absent: `default`, which the engine's configuration says. */
  readonly network?: string;
  /** Settings on `network`, and further networks to be on. */
  readonly endpoints?: readonly (EndpointSettings & { readonly network: string })[];
  readonly ports?: readonly PortRequest[];
  /** Every exposed port, on free ports of the host. */
  readonly publishAllPorts?: boolean;
  readonly extraHosts?: readonly string[];
  readonly dns?: readonly string[];
  readonly dnsSearch?: readonly string[];
  readonly dnsOptions?: readonly string[];

  readonly privileged?: boolean;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly noNewPrivileges?: boolean;
  readonly seccomp?: 'default' | 'unconfined' | OciSeccomp;
  /** Absent: the defaults. Empty: none (Docker's systempaths=unconfined). */
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  /** `container:NAME`: that one's, while it runs. */
  readonly pidMode?: 'private' | 'host' | `container:${string}`;
  readonly ipcMode?: 'private' | 'host' | 'none' | 'shareable' | `container:${string}`;
  readonly utsMode?: 'private' | 'host';
  readonly cgroupnsMode?: 'private' | 'host';
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly ulimits?: readonly Ulimit[];
  readonly oomScoreAdj?: number;
  readonly init?: boolean;
  readonly resources?: ResourceLimits;

  readonly runtime?: string;
  readonly snapshotter?: string;
  readonly logging?: { readonly driver: string; readonly options: Readonly<Record<string, string>> };
  /** An open lease: the container is removed when that ends. */
  readonly lease?: string;
  /** Which workspace or program asked (the extension's "This workspace" group); free text, at most 4 KiB. */
  readonly origin?: string;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface RestartPolicy {
  readonly name: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  readonly maximumRetryCount: number;
}

export type MountRequest =
  | {
      readonly type: 'bind';
      readonly source: string;
      readonly target: string;
      readonly readonly?: boolean;
      readonly propagation?: string;
      /** Make the source directory when it is not there (docker's -v); otherwise that is an error (--mount). */
      readonly createSource?: boolean;
    }
  | {
      readonly type: 'tmpfs';
      readonly target: string;
      readonly sizeBytes?: number;
      readonly mode?: number;
      readonly options?: readonly string[];
      readonly readonly?: boolean;
    }
  | {
      readonly type: 'volume';
      /** Its name; one is made up, and the volume belongs to the container, when absent. */
      readonly source?: string;
      readonly target: string;
      readonly readonly?: boolean;
      /** An empty one does not get the image's content. */
      readonly noCopy?: boolean;
      /** A folder or file in the volume, instead of the whole. */
      readonly subpath?: string;
      /** For a volume that is not there yet. */
      readonly driver?: string;
      readonly options?: Readonly<Record<string, string>>;
      readonly labels?: Readonly<Record<string, string>>;
    };

export interface DeviceRequest {
  readonly pathOnHost: string;
  readonly pathInContainer: string;
  /** Of `rwm`. */
  readonly permissions: string;
}

export interface Ulimit {
  /** Without `RLIMIT_`, lower case: `nofile`. */
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

/** Absent means unlimited, but for `pidsLimit`, whose default is 2048; -1 means unlimited there. */
export interface ResourceLimits {
  readonly memoryBytes?: number;
  /** Memory plus swap; -1 unlimited. */
  readonly memorySwapBytes?: number;
  readonly memoryReservationBytes?: number;
  readonly memorySwappiness?: number;
  readonly oomKillDisable?: boolean;
  /** 1e9 is one CPU. */
  readonly nanoCpus?: number;
  readonly cpuShares?: number;
  readonly cpuPeriodUs?: number;
  readonly cpuQuotaUs?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly pidsLimit?: number;
  readonly blkioWeight?: number;
  readonly blkioDeviceReadBps?: readonly { readonly path: string; readonly rate: number }[];
  readonly blkioDeviceWriteBps?: readonly { readonly path: string; readonly rate: number }[];
  readonly blkioDeviceReadIops?: readonly { readonly path: string; readonly rate: number }[];
  readonly blkioDeviceWriteIops?: readonly { readonly path: string; readonly rate: number }[];
}
