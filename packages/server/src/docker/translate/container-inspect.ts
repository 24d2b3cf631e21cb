import {
  familiarReference,
  runConfigOf,
  type ContainerDetails,
  type CreateRequest,
  type Healthcheck,
  type HealthState,
  type MountRequest,
} from '@jocker/core';
import { toMountPoint, type ContainerSize } from './container-summary.ts';
import { onDefaultNetwork, toNetworks } from './container-endpoints.ts';
import { toPortBindings, toPortMap } from './port-bindings.ts';
import { kernelMemory, type ApiVersion } from './older-versions.ts';
import { zeroTime } from './timestamps.ts';

/** GET /containers/{id}/json. */
export function toContainerInspect(container: ContainerDetails, version: ApiVersion, size?: ContainerSize): object {
  const { status } = container;
  const [path = '', ...args] = programOf(container);
  return {
    Id: container.id,
    Created: container.createdAt,
    Path: path,
    Args: args,
    State: {
      Status: status,
      Running: status === 'running' || status === 'paused',
      Paused: status === 'paused',
      Restarting: status === 'restarting',
      OOMKilled: container.oomKilled,
      Dead: status === 'dead',
      Pid: container.pid,
      ExitCode: container.exitCode ?? 0,
      Error: container.error,
      StartedAt: container.startedAt ?? zeroTime,
      FinishedAt: container.finishedAt ?? zeroTime,
      ...(container.healthState === null ? {} : { Health: toHealth(container.healthState) }),
    },
    Image: container.imageId,
    ResolvConfPath: container.resolvConfPath,
    HostnamePath: container.hostnamePath,
    HostsPath: container.hostsPath,
    LogPath: container.logPath,
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: container.snapshotter,
    Platform: container.platform.os,
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: container.execIds.length === 0 ? null : container.execIds,
    HostConfig: toHostConfig(container, version),
    GraphDriver: { Name: container.snapshotter, Data: {} },
    ...(size === undefined ? {} : { SizeRw: size.writableBytes, SizeRootFs: size.rootBytes }),
    Mounts: container.mounts.map(toMountPoint),
    Config: toConfig(container),
    NetworkSettings: {
      Bridge: '',
      SandboxID: '',
      SandboxKey: container.pid === 0 || container.endpoints.length === 0 ? '' : `/proc/${container.pid}/ns/net`,
      Ports: toPortMap(container),
      HairpinMode: false,
      LinkLocalIPv6Address: '',
      LinkLocalIPv6PrefixLen: 0,
      SecondaryIPAddresses: null,
      SecondaryIPv6Addresses: null,
      GlobalIPv6Address: '',
      GlobalIPv6PrefixLen: 0,
      IPv6Gateway: '',
      ...onDefaultNetwork(container),
      Networks: toNetworks(container),
    },
  };
}

function toHealth({ status, failingStreak, log }: HealthState): object {
  return {
    Status: status,
    FailingStreak: failingStreak,
    Log: log.map(({ startedAt, finishedAt, exitCode, output }) => ({
      Start: startedAt,
      End: finishedAt,
      ExitCode: exitCode,
      Output: output,
    })),
  };
}

/** What was asked for, without the init that may stand in front of it. */
function programOf({ path, args, request }: ContainerDetails): readonly string[] {
  return request.init === true && args[0] === '--' ? args.slice(1) : [path, ...args];
}

function toConfig(container: ContainerDetails): object {
  const { request } = container;
  const { attach = { stdin: false, stdout: false, stderr: false } } = request;
  const { healthcheck, exposedPorts, volumes, ...config } = runConfigOf(container);
  const keys = (names: readonly string[]): object => Object.fromEntries(names.map((name) => [name, {}]));
  return {
    Hostname: container.hostname,
    Domainname: request.domainname ?? '',
    User: container.user,
    AttachStdin: attach.stdin,
    AttachStdout: attach.stdout,
    AttachStderr: attach.stderr,
    ...(exposedPorts === undefined ? {} : { ExposedPorts: keys(exposedPorts) }),
    Tty: container.tty,
    OpenStdin: container.openStdin,
    StdinOnce: request.stdinOnce ?? false,
    Env: config.env ?? null,
    Cmd: config.command ?? null,
    ...(healthcheck === undefined ? {} : { Healthcheck: toHealthcheck(healthcheck) }),
    Image: familiarReference(container.image),
    Volumes: volumes === undefined ? null : keys(volumes),
    WorkingDir: container.workingDir,
    Entrypoint: config.entrypoint ?? null,
    OnBuild: config.onBuild ?? null,
    Labels: container.labels,
    ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
    ...(request.stopTimeoutSeconds === undefined ? {} : { StopTimeout: request.stopTimeoutSeconds }),
  };
}

export function toHealthcheck(check: Healthcheck): object {
  return {
    ...(check.test === undefined ? {} : { Test: check.test }),
    ...(check.intervalNs === undefined ? {} : { Interval: check.intervalNs }),
    ...(check.timeoutNs === undefined ? {} : { Timeout: check.timeoutNs }),
    ...(check.startPeriodNs === undefined ? {} : { StartPeriod: check.startPeriodNs }),
    ...(check.startIntervalNs === undefined ? {} : { StartInterval: check.startIntervalNs }),
    ...(check.retries === undefined ? {} : { Retries: check.retries }),
  };
}

function toHostConfig(container: ContainerDetails, version: ApiVersion): object {
  const { request, resources } = container;
  const mounts = request.mounts ?? [];
  const binds = mounts.flatMap((mount) => (mount.type === 'bind' && mount.createSource === true ? [bindText(mount)] : []));
  const volumes = mounts.flatMap((mount) => (mount.type === 'volume' ? [volumeObject(mount)] : []));
  const others = mounts.flatMap((mount) => (mount.type === 'bind' && mount.createSource !== true ? [mountObject(mount)] : []));
  const tmpfs = mounts.flatMap((mount) => (mount.type === 'tmpfs' ? [[mount.target, tmpfsText(mount)] as const] : []));
  const rates = (list: readonly { readonly path: string; readonly rate: number }[] | undefined): object | null =>
    list?.map(({ path, rate }) => ({ Path: path, Rate: rate })) ?? null;
  return {
    Binds: binds.length === 0 ? null : binds,
    ContainerIDFile: '',
    LogConfig: { Type: request.logging?.driver ?? 'json-file', Config: request.logging?.options ?? {} },
    NetworkMode: container.network,
    PortBindings: toPortBindings(request.ports ?? []),
    RestartPolicy: { Name: container.restartPolicy.name, MaximumRetryCount: container.restartPolicy.maximumRetryCount },
    AutoRemove: container.autoRemove,
    VolumeDriver: '',
    VolumesFrom: request.volumesFrom ?? null,
    ConsoleSize: [request.consoleSize?.rows ?? 0, request.consoleSize?.columns ?? 0],
    CapAdd: request.capAdd ?? null,
    CapDrop: request.capDrop ?? null,
    CgroupnsMode: request.cgroupnsMode ?? 'host',
    Dns: request.dns ?? null,
    DnsOptions: request.dnsOptions ?? null,
    DnsSearch: request.dnsSearch ?? null,
    ExtraHosts: request.extraHosts ?? null,
    GroupAdd: request.groupAdd ?? null,
    IpcMode: request.ipcMode ?? 'private',
    Cgroup: '',
    Links: null,
    OomScoreAdj: request.oomScoreAdj ?? 0,
    PidMode: request.pidMode === undefined || request.pidMode === 'private' ? '' : request.pidMode,
    Privileged: request.privileged ?? false,
    PublishAllPorts: request.publishAllPorts ?? false,
    ReadonlyRootfs: request.readonlyRootfs ?? false,
    SecurityOpt: securityOptions(request),
    ...(tmpfs.length === 0 ? {} : { Tmpfs: Object.fromEntries(tmpfs) }),
    UTSMode: request.utsMode === 'host' ? 'host' : '',
    UsernsMode: '',
    ShmSize: request.shmSizeBytes ?? 64 * 1024 * 1024,
    ...(request.sysctls === undefined ? {} : { Sysctls: request.sysctls }),
    Runtime: container.runtime,
    Isolation: '',
    CpuShares: resources.cpuShares ?? 0,
    Memory: resources.memoryBytes ?? 0,
    NanoCpus: resources.nanoCpus ?? 0,
    ...kernelMemory(version, 0),
    CgroupParent: '',
    BlkioWeight: resources.blkioWeight ?? 0,
    BlkioWeightDevice: null,
    BlkioDeviceReadBps: rates(resources.blkioDeviceReadBps),
    BlkioDeviceWriteBps: rates(resources.blkioDeviceWriteBps),
    BlkioDeviceReadIOps: rates(resources.blkioDeviceReadIops),
    BlkioDeviceWriteIOps: rates(resources.blkioDeviceWriteIops),
    CpuPeriod: resources.cpuPeriodUs ?? 0,
    CpuQuota: resources.cpuQuotaUs ?? 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: resources.cpusetCpus ?? '',
    CpusetMems: resources.cpusetMems ?? '',
    Devices:
      request.devices?.map((device) => ({
        PathOnHost: device.pathOnHost,
        PathInContainer: device.pathInContainer,
        CgroupPermissions: device.permissions,
      })) ?? null,
    DeviceCgroupRules: request.deviceCgroupRules ?? null,
    DeviceRequests: null,
    MemoryReservation: resources.memoryReservationBytes ?? 0,
    MemorySwap: resources.memorySwapBytes ?? 0,
    MemorySwappiness: resources.memorySwappiness ?? null,
    OomKillDisable: resources.oomKillDisable ?? false,
    PidsLimit: resources.pidsLimit ?? null,
    Ulimits: request.ulimits?.map(({ name, hard, soft }) => ({ Name: name, Hard: hard, Soft: soft })) ?? null,
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
    ...(others.length + volumes.length === 0 ? {} : { Mounts: [...others, ...volumes] }),
    MaskedPaths: request.maskedPaths ?? null,
    ReadonlyPaths: request.readonlyPaths ?? null,
    ...(request.init === undefined ? {} : { Init: request.init }),
  };
}

type BindRequest = MountRequest & { readonly type: 'bind' };

function bindText({ source, target, readonly, propagation }: BindRequest): string {
  const options = [...(readonly === true ? ['ro'] : []), ...(propagation === undefined ? [] : [propagation])];
  return [source, target, ...(options.length === 0 ? [] : [options.join(',')])].join(':');
}

function mountObject({ source, target, readonly, propagation }: BindRequest): object {
  return {
    Type: 'bind',
    Source: source,
    Target: target,
    ...(readonly === true ? { ReadOnly: true } : {}),
    ...(propagation === undefined ? {} : { BindOptions: { Propagation: propagation } }),
  };
}

function volumeObject({ source, target, readonly, noCopy, subpath }: Extract<MountRequest, { readonly type: 'volume' }>): object {
  const options = { ...(noCopy === true ? { NoCopy: true } : {}), ...(subpath === undefined ? {} : { Subpath: subpath }) };
  return {
    Type: 'volume',
    ...(source === undefined ? {} : { Source: source }),
    Target: target,
    ...(readonly === true ? { ReadOnly: true } : {}),
    ...(Object.keys(options).length === 0 ? {} : { VolumeOptions: options }),
  };
}

function tmpfsText({ sizeBytes, mode, options, readonly }: MountRequest & { readonly type: 'tmpfs' }): string {
  return [
    ...(readonly === true ? ['ro'] : []),
    ...(sizeBytes === undefined ? [] : [`size=${sizeBytes}`]),
    ...(mode === undefined ? [] : [`mode=${mode.toString(8)}`]),
    ...(options ?? []),
  ].join(',');
}

function securityOptions({ noNewPrivileges, seccomp }: CreateRequest): readonly string[] | null {
  const options = [
    ...(noNewPrivileges === true ? ['no-new-privileges'] : []),
    ...(seccomp === undefined || seccomp === 'default'
      ? []
      : [`seccomp=${typeof seccomp === 'string' ? seccomp : JSON.stringify(seccomp)}`]),
  ];
  return options.length === 0 ? null : options;
}
