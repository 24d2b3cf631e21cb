import type { CallOptions } from '../engine/engine.ts';
import type { NetworkCreateRequest } from './make-network.ts';
import type { EndpointSettings } from './network-attachment.ts';
import type { EndpointRecord, NetworkRecord } from './network-record.ts';

export interface NetworkView extends NetworkRecord {
  /** Everyone that belongs to it; `endpoint` null for one that does not run. */
  readonly containers: readonly { readonly containerId: string; readonly name: string; readonly endpoint: EndpointRecord | null }[];
}

export interface NetworkApi {
  /** `already-exists` for a name that is taken or a subnet that overlaps. */
  create(request: NetworkCreateRequest, options?: CallOptions): Promise<NetworkView>;
  /** Oldest first. */
  list(): Promise<readonly NetworkView[]>;
  /** By name, id or an unambiguous prefix of the id. */
  inspect(reference: string): Promise<NetworkView>;
  /**
   * `failed-precondition` with reason `in-use` while a container runs on it. Those that do not run can start again when there is a network
   * of that name. The default network stays.
   */
  remove(reference: string, options?: CallOptions): Promise<void>;
  /** A running container is wired at once. */
  connect(reference: string, container: string, settings?: EndpointSettings, options?: CallOptions): Promise<void>;
  disconnect(reference: string, container: string, options?: CallOptions): Promise<void>;
  /** Networks that no container belongs to. */
  prune(options?: { readonly filter?: (network: NetworkView) => boolean }): Promise<{ readonly removed: readonly string[] }>;
}
