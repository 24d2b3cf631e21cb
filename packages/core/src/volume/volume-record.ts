/** A volume as the engine keeps it. */
export interface VolumeRecord {
  /** `[a-zA-Z0-9][a-zA-Z0-9_.-]+`; 64 hex digits for one that nobody named. */
  readonly name: string;
  /** The name of the `VolumeDriver`. */
  readonly driver: string;
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** Made for one container that named none; goes with it when its removal says so. */
  readonly anonymous: boolean;
  /** `new` until its first container: it may get the image's content. `filling` while that is copied: a crash leaves it half full. */
  readonly content: 'new' | 'filling' | 'ready';
}
