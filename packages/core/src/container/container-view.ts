import type { ContainerDetails, ContainerView, MountView } from '../engine/engine.ts';
import type { OciSpec } from '../oci/runtime-spec.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import type { CreateRequest } from './create-request.ts';

const defaultStopTimeoutSeconds = 10;

export function stopTimeoutSecondsOf(record: ContainerRecord): number {
  return record.request.stopTimeoutSeconds ?? defaultStopTimeoutSeconds;
}

export function toContainerView(record: ContainerRecord): ContainerView {
  const { request } = record;
  return {
    id: record.id,
    name: record.name,
    image: record.image,
    imageId: record.imageId,
    command: record.command,
    status: record.status,
    exitCode: record.exitCode,
    oomKilled: record.oomKilled,
    health: record.status === 'running' || record.status === 'paused' ? (record.health?.status ?? null) : null,
    error: record.error,
    pid: record.pid,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    labels: record.labels,
    tty: request.tty ?? false,
    openStdin: request.openStdin ?? false,
    runtime: record.runtime,
    snapshotter: record.snapshotter,
    network: request.network ?? 'none',
    networks: record.networks,
    endpoints: record.endpoints,
    exposedPorts: [...new Set([...(record.imageConfig.exposedPorts ?? []), ...(request.exposedPorts ?? [])])],
    mounts: record.mounts,
    autoRemove: request.autoRemove ?? false,
    origin: request.origin ?? null,
  };
}

export function toContainerDetails(
  record: ContainerRecord,
  spec: OciSpec,
  paths: ContainerPaths,
  execIds: readonly string[],
): ContainerDetails {
  const [path = '', ...args] = spec.process.args;
  const { uid, gid } = spec.process.user;
  return {
    ...toContainerView(record),
    request: record.request,
    path,
    args,
    env: spec.process.env,
    workingDir: spec.process.cwd,
    user: record.request.user ?? record.imageConfig.user ?? (uid === 0 && gid === 0 ? '' : `${uid}:${gid}`),
    hostname: spec.hostname ?? '',
    stopSignal: record.stopSignal,
    stopTimeoutSeconds: stopTimeoutSecondsOf(record),
    restartCount: record.restartCount,
    healthState: record.health,
    resources: record.resources,
    restartPolicy: record.restartPolicy,
    platform: record.platform,
    execIds,
    logPath: paths.log(record.id),
    hostnamePath: `${paths.state(record.id)}/hostname`,
    hostsPath: `${paths.state(record.id)}/hosts`,
    resolvConfPath: `${paths.state(record.id)}/resolv.conf`,
    bundlePath: paths.bundle(record.id),
    imageConfig: record.imageConfig,
  };
}

export function toMountViews(
  request: CreateRequest,
  paths: ReadonlyMap<string, string>,
  drivers: (volume: string) => string,
): readonly MountView[] {
  return (request.mounts ?? []).map((mount) => ({
    type: mount.type,
    source: mount.type === 'bind' ? mount.source : mount.type === 'volume' ? (paths.get(mount.source ?? '') ?? '') : '',
    ...(mount.type === 'volume' && mount.source !== undefined ? { volume: mount.source, driver: drivers(mount.source) } : {}),
    target: mount.target,
    readonly: mount.readonly ?? false,
    propagation: mount.type === 'bind' ? (mount.propagation ?? 'rprivate') : '',
  }));
}
