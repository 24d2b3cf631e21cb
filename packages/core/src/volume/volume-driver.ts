import type { OperationContext, Usability } from '../operation/operation-context.ts';
import type { Mount } from '../snapshot/snapshotter.ts';

/**
 * Keeps directories that outlive containers. The engine records a volume before `create` and forgets it after `remove`, so
 * both are idempotent. It counts who uses a volume and calls `remove` only when nobody does.
 */
export interface VolumeDriver {
  readonly name: string;
  probe(): Promise<Usability>;
  /** Throws `invalid-argument` for an option it does not know. */
  create(name: string, options: Readonly<Record<string, string>>, context: OperationContext): Promise<void>;
  /** What to mount, and where its files can be reached on the host while at least one `mount` is not undone. */
  mount(name: string, containerId: string, context: OperationContext): Promise<{ readonly mount: Mount; readonly hostPath: string }>;
  /** Idempotent, also for a container that never mounted it. */
  unmount(name: string, containerId: string, context: OperationContext): Promise<void>;
  remove(name: string, context: OperationContext): Promise<void>;
  isEmpty(name: string): Promise<boolean>;
  /** Makes the volume, which nobody uses, hold the content of a folder and nothing else: owners, modes, links, xattrs as they are. */
  fill(name: string, from: string, context: OperationContext): Promise<void>;
  /** Everything it holds, for the repair at the engine's start. */
  list(): Promise<readonly string[]>;
  /** Where its files lie when nobody uses it, for browsing; undefined when they cannot be reached then. */
  hostPath(name: string): Promise<string | undefined>;
  usageBytes(name: string): Promise<number>;
}
