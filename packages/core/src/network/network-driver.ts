import type { OperationContext, Usability } from '../operation/operation-context.ts';
import type { EndpointRecord, NetworkRecord, NetworkSubnet, PortRequest } from './network-record.ts';

export interface NetworkPlanRequest {
  readonly id: string;
  readonly name: string;
  readonly subnets: readonly { readonly subnet?: string; readonly gateway?: string; readonly range?: string }[];
  readonly internal: boolean;
  readonly ipv6: boolean;
  readonly options: Readonly<Record<string, string>>;
}

export interface EndpointPlanRequest {
  readonly endpointId: string;
  readonly containerId: string;
  readonly interfaceName: string;
  /** Without prefix length. */
  readonly address?: string;
  readonly macAddress?: string;
  readonly names: readonly string[];
  /** Name servers to ask for what is no name on a network; the host's when absent. */
  readonly resolvers?: readonly string[];
  readonly ports: readonly PortRequest[];
}

/**
 * Wires containers to each other and to the host. The life of a network: `planNetwork` → the engine records the plan →
 * `createNetwork` → … → `removeNetwork`; of an endpoint: `reserve` → the engine records it → `attach` → … → `detach`. What is
 * made outside is named after what was recorded, so that a crash at any point can be finished or undone by `restore`.
 * Everything but the two plans is idempotent. The engine calls for one network at a time and for one container at a time.
 */
export interface NetworkDriver {
  readonly name: string;
  probe(): Promise<Usability>;
  /**
   * Chooses what the request leaves open, makes nothing. Throws `invalid-argument` for what it does not know,
   * `already-exists` for a subnet that overlaps one of `existing` or of the host, `resource-exhausted` when the pool is used up.
   */
  planNetwork(
    request: NetworkPlanRequest,
    existing: readonly NetworkRecord[],
  ): Promise<{ readonly subnets: readonly NetworkSubnet[]; readonly hostInterface: string }>;
  createNetwork(network: NetworkRecord, context: OperationContext): Promise<void>;
  removeNetwork(network: NetworkRecord, context: OperationContext): Promise<void>;
  /**
   * Addresses, names of interfaces and host ports of an endpoint; holds the host ports from here until `detach`. Throws
   * `already-exists` for an address or a host port that is taken (the port is named), `resource-exhausted` when none is left.
   */
  reserve(network: NetworkRecord, request: EndpointPlanRequest, existing: readonly EndpointRecord[]): Promise<EndpointRecord>;
  /**
   * Wires the reserved endpoint into the network namespace of `pid`, publishes its ports and tells its names. Answers with the
   * endpoint as it became: a driver that leaves addresses to others (CNI) knows them only now.
   * A failed attach leaves nothing but the reservation, which `detach` gives back.
   */
  attach(
    network: NetworkRecord,
    endpoint: EndpointRecord,
    target: { readonly pid: number },
    context: OperationContext,
  ): Promise<EndpointRecord>;
  /** Gives addresses, ports and names back. `target` when the process goes on without this network; absent when it has ended. */
  detach(
    network: NetworkRecord,
    endpoint: EndpointRecord,
    target: { readonly pid: number } | undefined,
    context: OperationContext,
  ): Promise<void>;
  /** Other names for an attached endpoint (after a rename of its container). */
  rename(network: NetworkRecord, endpoint: EndpointRecord, context: OperationContext): Promise<void>;
  /**
   * Once at the engine's start with everything recorded: makes what a reboot took away, holds the ports again, removes what it
   * made and nobody recorded (only what carries this engine's mark).
   */
  restore(
    networks: readonly { readonly network: NetworkRecord; readonly endpoints: readonly EndpointRecord[] }[],
    context: OperationContext,
  ): Promise<void>;
  /** Lets go of what this process holds (sockets of ports); networks go on. */
  close(): Promise<void>;
}
