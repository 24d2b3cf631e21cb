/** That a container belongs to a network, whether it runs or not. */
export interface NetworkAttachment {
  readonly networkId: string;
  /** Its name. */
  readonly network: string;
  /** The name of its driver. */
  readonly driver: string;
  /** Further names for it on that network. */
  readonly aliases: readonly string[];
  /** Kept for it also while it does not run. */
  readonly address?: string;
  readonly macAddress?: string;
}

/** What a user says of a container on one network. */
export interface EndpointSettings {
  readonly aliases?: readonly string[];
  readonly address?: string;
  readonly macAddress?: string;
}
