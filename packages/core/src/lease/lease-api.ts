/**
 * What is made under a lease goes when the lease ends: running containers are killed and removed, with their anonymous
 * volumes. A lease lives in the engine that opened it and ends with it; what an engine that was killed has left of it is
 * removed by the next one on its data root.
 */
export interface LeaseApi {
  /** The id goes into `CreateRequest.lease`. */
  open(): Promise<{ readonly id: string }>;
  /** Resolves when everything that was made under it is gone. Again, or for one that is not there, it does nothing. */
  end(id: string): Promise<void>;
}
