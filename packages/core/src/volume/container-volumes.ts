import { closeSync, constants } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mountFlags, native } from '@jocker/native';
import type { ContainerRecord } from '../container/container-record.ts';
import { removeMountPoint } from '../container/remove-orphans.ts';
import { subjectOf } from '../container/container-subject.ts';
import type { CreateRequest } from '../container/create-request.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { OperationContext } from '../operation/operation-context.ts';
import type { OciMount, OciSpec } from '../oci/runtime-spec.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';
import { fillVolume } from './fill-volume.ts';
import { makeVolume, removeVolume, usersOf } from './make-volume.ts';
import { volumeMountsOf } from './plan-mounts.ts';
import type { VolumeDeps } from './volume-deps.ts';

/** The volumes of containers, as the verbs of containers use them. */
export interface ContainerVolumes {
  /** Makes those that are not there; answers with where the files of each lie, by name, as far as that is known before a mount. */
  make(request: CreateRequest, anonymous: readonly string[], context: OperationContext): Promise<ReadonlyMap<string, string>>;
  /** Puts the image's content into volumes that never had a container. Called when the snapshot is there. */
  fill(containerId: string, request: CreateRequest, snapshotter: Snapshotter, context: OperationContext): Promise<void>;
  /** The spec with the mounts of the volumes as they are now. Dispose when the runtime has made them, or has failed. */
  mount(record: ContainerRecord, spec: OciSpec, context: OperationContext): Promise<MountedVolumes>;
  driverOf(volume: string): string;
  /** After the end of the process; idempotent. A failure is logged: the next start of the engine repeats it. */
  unmount(record: ContainerRecord): Promise<void>;
  /** Those that were made for this container and nobody else uses. */
  removeAnonymous(names: readonly string[], context: OperationContext): Promise<void>;
}

export interface MountedVolumes extends AsyncDisposable {
  readonly spec: OciSpec;
}

const bind = mountFlags['bind'] ?? 0;
const pathOnly = 0o1000_0000;
const beneath = 0x08;
const noMagicLinks = 0x02;

export function createContainerVolumes(deps: VolumeDeps): ContainerVolumes {
  return {
    async make(request, anonymous, context) {
      const paths = new Map<string, string>();
      for (const { source, driver, options, labels } of volumeMountsOf(request)) {
        const wanted = {
          name: source,
          ...(driver === undefined ? {} : { driver }),
          ...(options === undefined ? {} : { options }),
          ...(labels === undefined ? {} : { labels }),
        };
        const record = await makeVolume(deps, wanted, context, anonymous.includes(source));
        const path = await deps.drivers.volumes.byName(record.driver).value.hostPath(source);
        if (path !== undefined) paths.set(source, path);
      }
      await deps.checkpoint?.('create:volumes');
      return paths;
    },
    async fill(containerId, request, snapshotter, context) {
      for (const mount of volumeMountsOf(request)) await fillVolume(deps, containerId, mount, snapshotter, context);
    },
    async mount(record, spec, context) {
      const replaced = new Map<string, Pick<OciMount, 'type' | 'source'>>();
      await using places = new AsyncDisposableStack();
      for (const { source: name, target, subpath = '' } of volumeMountsOf(record.request)) {
        const { driver: driverName } = deps.volumes.find(name);
        const { mount, hostPath } = await deps.drivers.volumes.byName(driverName).value.mount(name, record.id, context);
        const place = join(deps.paths.mountRoot, `${record.id}-${replaced.size}`);
        if (subpath !== '') places.use(await mountSubpath(hostPath, subpath, name, place));
        replaced.set(target, subpath === '' ? { type: mount.type, source: mount.source } : { type: 'bind', source: place });
        deps.publisher.publish('volume:mounted', { ...subjectOf(record), volume: name, driver: driverName });
      }
      const mounted = places.move();
      return { spec: withMounts(spec, replaced), [Symbol.asyncDispose]: () => mounted.disposeAsync() };
    },
    driverOf: (volume) => deps.volumes.get(volume)?.driver ?? '',
    async unmount(record) {
      const names = new Set(volumeMountsOf(record.request).map(({ source }) => source));
      for (const name of names) {
        const volume = deps.volumes.get(name);
        if (volume === undefined) continue;
        try {
          await deps.drivers.volumes.byName(volume.driver).value.unmount(name, record.id, { signal: deps.closing, log: deps.log });
          deps.publisher.publish('volume:unmounted', { ...subjectOf(record), volume: name, driver: volume.driver });
        } catch (error) {
          deps.log.warn('a volume could not be unmounted', { volume: name, container: record.name, error: String(error) });
        }
      }
    },
    async removeAnonymous(names, context) {
      for (const name of names) {
        if (deps.volumes.get(name)?.anonymous !== true || usersOf(deps, name).length > 0) continue;
        await removeVolume(deps, name, context);
      }
    },
  };
}

/**
 * Whoever has the volume may swap what lies in it at any moment (CVE-2026-42306): the kernel resolves the path once, and what it found is
 * mounted at a place of the engine's own, from where the runtime takes it.
 */
async function mountSubpath(hostPath: string, subpath: string, volume: string, place: string): Promise<AsyncDisposable> {
  const fd = openSubpath(hostPath, subpath, volume);
  try {
    await makeMountPoint(fd, place);
    native().mount(`/proc/self/fd/${fd}`, place, '', bind, '');
  } finally {
    closeSync(fd);
  }
  return { [Symbol.asyncDispose]: () => removeMountPoint(place) };
}

function openSubpath(hostPath: string, subpath: string, volume: string): number {
  const root = native().openat2(-100, hostPath, pathOnly | constants.O_DIRECTORY, 0, 0);
  try {
    return native().openat2(root, subpath.replace(/^\/+/, ''), pathOnly, 0, beneath | noMagicLinks);
  } catch (cause) {
    throw new JockerError('invalid-argument', `volume ${volume} has no ${JSON.stringify(subpath)}, or it leads out of the volume`, {
      cause,
    });
  } finally {
    closeSync(root);
  }
}

/** A folder, or an empty file for a file. */
async function makeMountPoint(fd: number, place: string): Promise<void> {
  await mkdir(dirname(place), { recursive: true, mode: 0o711 });
  if ((await stat(`/proc/self/fd/${fd}`)).isDirectory()) await mkdir(place, { recursive: true });
  else await writeFile(place, '');
}

function withMounts(spec: OciSpec, replaced: ReadonlyMap<string, Pick<OciMount, 'type' | 'source'>>): OciSpec {
  if (replaced.size === 0) return spec;
  const plain = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, '') : path);
  const byPlace = new Map([...replaced].map(([target, mount]) => [plain(target), mount]));
  return { ...spec, mounts: spec.mounts.map((mount) => ({ ...mount, ...byPlace.get(mount.destination) })) };
}
