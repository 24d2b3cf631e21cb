import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import type { ContainerStore } from '../container/container-store.ts';
import type { CreateRequest, MountRequest } from '../container/create-request.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { ImageRunConfig } from '../oci/image-config.ts';

type VolumeMount = Extract<MountRequest, { readonly type: 'volume' }>;

export interface PlannedMounts {
  /** The request with a name for each volume, the image's volumes, and the mounts of other containers. */
  readonly request: CreateRequest;
  /** Names made up here. */
  readonly anonymous: readonly string[];
}

/** Everything that a container mounts. Makes nothing. What the request itself says of a place wins. */
export function planMounts(request: CreateRequest, image: ImageRunConfig, containers: ContainerStore): PlannedMounts {
  const anonymous: string[] = [];
  const named = (mount: MountRequest): MountRequest => {
    if (mount.type !== 'volume' || (mount.source ?? '') !== '') return mount;
    const source = randomBytes(32).toString('hex');
    anonymous.push(source);
    return { ...mount, source };
  };
  const mounts = (request.mounts ?? []).map(named);
  const isFree = (target: string): boolean => !mounts.some((mount) => normal(mount.target) === normal(target));
  for (const reference of request.volumesFrom ?? []) {
    for (const mount of mountsOf(reference, containers)) if (isFree(mount.target)) mounts.push(mount);
  }
  for (const target of image.volumes ?? []) if (isFree(target)) mounts.push(named({ type: 'volume', target }));
  const { volumesFrom: _taken, ...rest } = request;
  return { request: mounts.length === 0 ? rest : { ...rest, mounts }, anonymous };
}

const normal = (path: string): string => posix.normalize(`${path}/`);

/** `NAME` or `NAME:ro`: the volumes and binds of that container. */
function mountsOf(reference: string, containers: ContainerStore): readonly MountRequest[] {
  const [, name = '', mode = 'rw'] = /^(.+?)(?::(ro|rw))?$/.exec(reference) ?? [];
  const { request } = containers.find(name);
  return (request.mounts ?? []).flatMap((mount): MountRequest[] => {
    if (mount.type === 'tmpfs') return [];
    return [mode === 'ro' ? { ...mount, readonly: true } : mount];
  });
}

export function volumeMountsOf({ mounts = [] }: CreateRequest): readonly (VolumeMount & { readonly source: string })[] {
  return mounts.flatMap((mount) => {
    if (mount.type !== 'volume') return [];
    if (mount.source === undefined) throw new JockerError('internal', `the volume at ${mount.target} has no name`);
    return [{ ...mount, source: mount.source }];
  });
}
