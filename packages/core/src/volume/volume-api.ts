import type { CallOptions } from '../engine/engine.ts';
import type { VolumeCreateRequest } from './make-volume.ts';
import type { VolumeRecord } from './volume-record.ts';

export interface VolumeView extends VolumeRecord {
  /** Where its files lie on the host; empty when they cannot be reached there. */
  readonly hostPath: string;
  /** Containers that mount it, running or not. */
  readonly usedBy: readonly { readonly id: string; readonly name: string }[];
}

export interface VolumeApi {
  /** One of that name that is there already is answered as it is. */
  create(request: VolumeCreateRequest, options?: CallOptions): Promise<VolumeView>;
  /** By name. */
  list(): Promise<readonly VolumeView[]>;
  inspect(name: string): Promise<VolumeView>;
  /** `failed-precondition` with reason `in-use` while a container has it. */
  remove(name: string, options?: CallOptions): Promise<void>;
  /** What no container has: those that nobody named, with `all` the others too. */
  prune(options?: {
    readonly all?: boolean;
    readonly filter?: (volume: VolumeView) => boolean;
  }): Promise<{ readonly removed: readonly string[]; readonly reclaimedBytes: number }>;
  usageBytes(name: string): Promise<number>;
}
