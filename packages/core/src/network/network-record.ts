/** A network as the engine keeps it. Addresses are text: `10.89.0.1`, subnets in CIDR form: `10.89.0.0/24`. */
export interface NetworkRecord {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  /** The name of the `NetworkDriver`. */
  readonly driver: string;
  readonly createdAt: string;
  /** Empty for a driver that keeps its addresses to itself (CNI). */
  readonly subnets: readonly NetworkSubnet[];
  /** Reaches nothing outside of itself, names included. */
  readonly internal: boolean;
  /** Containers find each other by name (every network but the default one, as in docker). */
  readonly nameResolution: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** The driver's own, as the user gave them. */
  readonly options: Readonly<Record<string, string>>;
  /** What stands for the network on the host (the bridge); empty when nothing does. */
  readonly hostInterface: string;
}

export interface NetworkSubnet {
  readonly subnet: string;
  readonly gateway: string;
  /** Where addresses are taken from when a container names none; inside `subnet`. */
  readonly range?: string;
}

/** One container on one network. */
export interface EndpointRecord {
  readonly networkId: string;
  readonly containerId: string;
  /** 64 hex digits; docker's EndpointID. */
  readonly endpointId: string;
  /** Inside the container: `eth0`. */
  readonly interfaceName: string;
  /** The other end on the host; empty when there is none. */
  readonly hostInterface: string;
  readonly macAddress: string;
  /** With prefix length: `10.89.0.5/24`. */
  readonly addresses: readonly string[];
  readonly gateways: readonly string[];
  /** Names for it on this network, the container's own name and short id included. */
  readonly names: readonly string[];
  /** Asked for what is no name on a network; the host's when absent. */
  readonly resolvers?: readonly string[];
  readonly ports: readonly PublishedPort[];
}

export interface PublishedPort {
  readonly protocol: 'tcp' | 'udp';
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

/** A port to publish, before it is known what is free. */
export interface PortRequest {
  readonly protocol: 'tcp' | 'udp';
  readonly containerPort: number;
  /** Absent: the engine's default, 127.0.0.1. */
  readonly hostAddress?: string;
  /** The first free one of `from` to `to`; absent: any free one. */
  readonly hostPorts?: { readonly from: number; readonly to: number };
}
