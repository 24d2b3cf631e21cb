import type { Digest } from './digest.ts';

/** The parsed config blob of an image (image-spec config.md). Absent fields of the JSON are absent here too. */
export interface ImageConfig {
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly config: ImageRunConfig;
  readonly rootfs: { readonly type: 'layers'; readonly diffIds: readonly Digest[] };
  readonly history: readonly ImageHistoryEntry[];
}

/** Defaults that an image gives to its containers; the `config` object of the blob, in our spelling. */
export interface ImageRunConfig {
  readonly user?: string;
  readonly env?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly workingDir?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly stopSignal?: string;
  readonly exposedPorts?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: Healthcheck;
  readonly shell?: readonly string[];
  readonly onBuild?: readonly string[];
}

/** Docker's extension of the image config. Durations in nanoseconds; 0 or absent means the default. */
export interface Healthcheck {
  readonly test?: readonly string[];
  readonly intervalNs?: number;
  readonly timeoutNs?: number;
  readonly startPeriodNs?: number;
  readonly startIntervalNs?: number;
  readonly retries?: number;
}

export interface ImageHistoryEntry {
  readonly created?: string;
  readonly createdBy?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly emptyLayer?: boolean;
}
