import type { Digest } from '../oci/digest.ts';
import type { OperationContext, Usability } from '../operation/operation-context.ts';

/**
 * A mount as mount(2) takes it. `type: 'bind'` stands for MS_BIND (plus MS_REC with the option `rbind`). What the file
 * system side produces and the runtime side consumes, so that neither knows the other. `options` as in fstab.
 */
export interface Mount {
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/**
 * Layers on disk. Terms: a *key* names an active (writable) snapshot, a *chainId* a committed, read-only one. The life of
 * an image's layers: `prepareLayer(key, parent)` → the engine applies the layer's tar to the directory it got →
 * `commitLayer(chainId, key)`; of a container: `prepare(key, parent)` → mounts → `remove(key)`.
 * A key or chain id is committed or removed exactly once; `remove` and `removeLayer` of something unknown do nothing.
 */
export interface Snapshotter {
  readonly name: string;
  /** How whiteouts must be written into a layer's directory: `overlay` as 0:0 devices and xattrs, `plain` by deleting. */
  readonly whiteouts: 'overlay' | 'plain';
  probe(): Promise<Usability>;
  has(chainId: Digest): Promise<boolean>;
  /**
   * A directory to apply one layer's tar into. With `overlay` whiteouts it is empty, and the parent need not be committed
   * yet; with `plain` it must be, and the directory holds the whole of it. The engine makes it durable before `commitLayer`.
   */
  prepareLayer(key: string, parent: Digest | undefined, context: OperationContext): Promise<{ readonly directory: string }>;
  /**
   * After this `has(chainId)` is true; the parent must be committed. Losing a race against another commit of the same chain
   * id is not an error. `sizeBytes` is what applying the layer wrote, when the caller counted.
   */
  commitLayer(chainId: Digest, key: string, sizeBytes?: number): Promise<void>;
  /** A writable file system on top of `parent` (an empty one without). Idempotent for the same key. */
  prepare(key: string, parent: Digest | undefined, context: OperationContext): Promise<readonly Mount[]>;
  /** The mounts of a prepared key, again (start after stop, start after the daemon's restart). Throws `not-found`. */
  mounts(key: string): Promise<readonly Mount[]>;
  /** The committed file system read-only, for looking into an image. */
  view(chainId: Digest): Promise<readonly Mount[]>;
  /**
   * What a container wrote: the folder that holds its changes in overlay form, when the snapshotter keeps them apart
   * (`overlay`); undefined when the engine has to compare trees (`copy`).
   */
  changesDirectory(key: string): Promise<string | undefined>;
  /** Where a prepared key's files lie, top first, with overlay's whiteouts in them: for looking without a mount. Throws `not-found`. */
  directories(key: string): Promise<readonly string[]>;
  /** The same of a committed layer with those below it. Throws `not-found`. */
  layerDirectories(chainId: Digest): Promise<readonly string[]>;
  /** Bytes that the snapshot itself takes. */
  usage(key: string): Promise<number>;
  layerUsage(chainId: Digest): Promise<number>;
  remove(key: string): Promise<void>;
  /** Throws `failed-precondition` with reason `in-use` while a layer or a key builds on it. */
  removeLayer(chainId: Digest): Promise<void>;
  /** Everything it holds, for the repair at the engine's start. */
  list(): Promise<{ readonly keys: readonly string[]; readonly layers: readonly Digest[] }>;
}
