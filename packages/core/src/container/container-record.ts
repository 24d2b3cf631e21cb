import type { ContainerStatus, MountView } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageRunConfig } from '../oci/image-config.ts';
import type { Platform } from '../oci/platform.ts';
import type { HealthState } from '../health/health-state.ts';
import type { NetworkAttachment } from '../network/network-attachment.ts';
import type { EndpointRecord } from '../network/network-record.ts';
import type { CreateRequest, ResourceLimits, RestartPolicy } from './create-request.ts';

/** All that the engine keeps of a container but its spec. Never changed in place: a new one is stored. */
export interface ContainerRecord {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly request: CreateRequest;
  /** Normalised reference. */
  readonly image: string;
  readonly imageId: Digest;
  readonly imageConfig: ImageRunConfig;
  /** Null for an image without layers. */
  readonly chainId: Digest | null;
  readonly platform: Platform;
  readonly runtime: string;
  readonly snapshotter: string;
  /** Program and arguments, as in the spec. */
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly MountView[];
  readonly resources: ResourceLimits;
  readonly restartPolicy: RestartPolicy;
  readonly stopSignal: string;
  /** Those it belongs to; the first is its way out. */
  readonly networks: readonly NetworkAttachment[];
  /** What is reserved for it, or wired, since its last start. */
  readonly endpoints: readonly EndpointRecord[];

  readonly status: ContainerStatus;
  readonly pid: number;
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  /** Since the last start; null for one that nobody checks. */
  readonly health: HealthState | null;
  readonly error: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** By the policy, since the last start that was asked for. */
  readonly restartCount: number;
  /** A user stopped it: `unless-stopped` leaves it so. */
  readonly stoppedByUser: boolean;
}

const statuses: ReadonlySet<unknown> = new Set<ContainerStatus>([
  'created',
  'running',
  'paused',
  'exited',
  'restarting',
  'removing',
  'dead',
]);

type Check = (value: unknown) => boolean;
const text: Check = (value) => typeof value === 'string';
const number: Check = (value) => Number.isSafeInteger(value);
const flag: Check = (value) => typeof value === 'boolean';
const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const list: Check = (value) => Array.isArray(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

const shape: { readonly [K in keyof ContainerRecord]: Check } = {
  id: (value) => text(value) && /^[0-9a-f]{64}$/.test(value as string),
  name: text,
  createdAt: text,
  request: object,
  image: text,
  imageId: text,
  imageConfig: object,
  chainId: orNull(text),
  platform: object,
  runtime: text,
  snapshotter: text,
  command: list,
  labels: object,
  mounts: list,
  resources: object,
  restartPolicy: object,
  stopSignal: text,
  networks: list,
  endpoints: list,
  status: (value) => statuses.has(value),
  pid: number,
  exitCode: orNull(number),
  oomKilled: flag,
  health: orNull(object),
  error: text,
  startedAt: orNull(text),
  finishedAt: orNull(text),
  restartCount: number,
  stoppedByUser: flag,
};

/** A record as an engine wrote it. Throws `data-loss` naming the first field that is not what it should be. */
export function parseContainerRecord(json: string): ContainerRecord {
  const value: unknown = JSON.parse(json);
  const wrong = Object.entries(shape).find(([key, check]) => !object(value) || !check((value as Record<string, unknown>)[key]));
  if (wrong !== undefined) throw new JockerError('data-loss', `the record of a container has no valid ${wrong[0]}`);
  return value as ContainerRecord;
}
