import { describe, expect, test } from 'vitest';
import { translateCreate } from './create-request.ts';

const create = (config: object, host: object = {}): ReturnType<typeof translateCreate> =>
  translateCreate({ Image: 'host:busybox', ...config, HostConfig: host }, undefined, undefined);
const requestOf = (config: object, host?: object): object => create(config, host).request;
const hosted = (host: object): object => create({}, host).request;

describe('the body of a create', () => {
  test('names the image, and never pulls', () => {
    expect(translateCreate({ Image: 'host:busybox' }, '/web', 'linux/amd64').request).toMatchObject({
      image: 'host:busybox',
      name: 'web',
      platform: 'linux/amd64',
      pull: 'never',
    });
  });

  test.each([[null], ['text'], [[]], [{}], [{ Image: '' }], [{ Image: 7 }]])('%j is refused', (body) => {
    expect(() => translateCreate(body, undefined, undefined)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  test('of a CLI that asks for nothing has no warnings', () => {
    const config = {
      Hostname: '',
      Domainname: '',
      User: '',
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      Env: null,
      Cmd: ['true'],
      Image: 'host:busybox',
      Volumes: {},
      WorkingDir: '',
      Entrypoint: null,
      OnBuild: null,
      Labels: {},
      NetworkingConfig: { EndpointsConfig: { default: {} } },
      HostConfig: {
        Binds: null,
        ContainerIDFile: '',
        LogConfig: { Type: '', Config: {} },
        NetworkMode: 'default',
        PortBindings: {},
        RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
        AutoRemove: false,
        VolumeDriver: '',
        VolumesFrom: null,
        ConsoleSize: [0, 0],
        CapAdd: null,
        CapDrop: null,
        CgroupnsMode: '',
        Dns: [],
        GroupAdd: null,
        IpcMode: '',
        Links: null,
        PidMode: '',
        Privileged: false,
        PublishAllPorts: false,
        SecurityOpt: null,
        UTSMode: '',
        UsernsMode: '',
        ShmSize: 0,
        Isolation: '',
        CpuShares: 0,
        Memory: 0,
        NanoCpus: 0,
        CgroupParent: '',
        BlkioWeight: 0,
        BlkioWeightDevice: [],
        Devices: [],
        DeviceRequests: null,
        MemorySwappiness: -1,
        OomKillDisable: false,
        PidsLimit: 0,
        Ulimits: [],
        MaskedPaths: null,
        ReadonlyPaths: null,
      },
    };
    const { request, warnings } = translateCreate(config, undefined, undefined);
    expect(warnings).toEqual([]);
    expect(request).not.toHaveProperty('resources');
    expect(request).not.toHaveProperty('hostname');
    expect(request).not.toHaveProperty('maskedPaths');
  });
});

describe('Config', () => {
  test.each([
    [{ Hostname: 'box' }, { hostname: 'box' }],
    [{ Domainname: 'lan' }, { domainname: 'lan' }],
    [{ User: '1:2' }, { user: '1:2' }],
    [{ WorkingDir: '/tmp' }, { workingDir: '/tmp' }],
    [{ StopSignal: 'SIGINT' }, { stopSignal: 'SIGINT' }],
    [{ StopTimeout: 3 }, { stopTimeoutSeconds: 3 }],
    [{ Cmd: ['a', 'b'] }, { command: ['a', 'b'] }],
    [{ Cmd: 'a b' }, { command: ['a b'] }],
    [{ Entrypoint: ['/e'] }, { entrypoint: ['/e'] }],
    [{ Entrypoint: [''] }, { entrypoint: [] }],
    [{ Env: ['A=1'] }, { env: ['A=1'] }],
    [{ Labels: { a: 'b' } }, { labels: { a: 'b' } }],
    [{ ExposedPorts: { '80/tcp': {} } }, { exposedPorts: ['80/tcp'] }],
    [
      { Tty: true, OpenStdin: true, StdinOnce: true },
      { tty: true, openStdin: true, stdinOnce: true },
    ],
    [{ AttachStdin: true, AttachStdout: true }, { attach: { stdin: true, stdout: true, stderr: false } }],
    [{ NetworkDisabled: true }, { network: 'none' }],
    [{ Volumes: { '/data': {} } }, { mounts: [{ type: 'volume', target: '/data' }] }],
    [{ Healthcheck: { Test: ['NONE'] } }, { healthcheck: { test: ['NONE'] } }],
  ])('%j is honoured', (config, wanted) => {
    expect(requestOf(config)).toMatchObject(wanted);
    expect(create(config).warnings).toEqual([]);
  });

  test.each([[{ Sparkles: true }, /Config\.Sparkles/]])('%j is answered with a warning', (config, warning) => {
    expect(create(config).warnings).toEqual([expect.stringMatching(warning)]);
  });

  test.each([[{ Cmd: [1] }], [{ Env: 'A=1' }], [{ Tty: 'yes' }], [{ Labels: { a: 1 } }], [{ Healthcheck: 'x' }], [{ Volumes: 1 }]])(
    '%j is refused as nonsense',
    (config) => {
      expect(() => create(config)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    },
  );

  test('networks that are named without a mode are the only ones', () => {
    const mine = { Aliases: ['db'], IPAMConfig: { IPv4Address: '10.1.0.5' } };
    const { request } = translateCreate({ Image: 'a', NetworkingConfig: { EndpointsConfig: { mine } } }, undefined, undefined);
    expect(request).toMatchObject({ network: 'mine', endpoints: [{ network: 'mine', aliases: ['db'], address: '10.1.0.5' }] });
  });
});

describe('HostConfig', () => {
  test.each([
    [{ Binds: ['/a:/b:ro'] }, { mounts: [{ type: 'bind', source: '/a', target: '/b', readonly: true, createSource: true }] }],
    [{ Binds: ['data:/data:ro,nocopy'] }, { mounts: [{ type: 'volume', source: 'data', target: '/data', readonly: true, noCopy: true }] }],
    [
      { Mounts: [{ Type: 'volume', Source: 'data', Target: '/data', VolumeOptions: { Subpath: 'sub' } }] },
      { mounts: [{ type: 'volume', source: 'data', target: '/data', subpath: 'sub' }] },
    ],
    [{ VolumesFrom: ['other:ro'] }, { volumesFrom: ['other:ro'] }],
    [{ Binds: ['/a:/b:rslave'] }, { mounts: [{ type: 'bind', source: '/a', target: '/b', propagation: 'rslave', createSource: true }] }],
    [{ Mounts: [{ Type: 'bind', Source: '/a', Target: '/b' }] }, { mounts: [{ type: 'bind', source: '/a', target: '/b' }] }],
    [
      { Mounts: [{ Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 4096, Mode: 448 } }] },
      { mounts: [{ type: 'tmpfs', target: '/t', sizeBytes: 4096, mode: 0o700 }] },
    ],
    [
      { Tmpfs: { '/run': 'rw,noexec,size=64m,mode=1777' } },
      { mounts: [{ type: 'tmpfs', target: '/run', sizeBytes: 64 << 20, mode: 0o1777, options: ['noexec'] }] },
    ],
    [{ ReadonlyRootfs: true }, { readonlyRootfs: true }],
    [{ NetworkMode: 'host' }, { network: 'host' }],
    [{ NetworkMode: 'none' }, { network: 'none' }],
    [{ NetworkMode: 'default' }, {}],
    [{ NetworkMode: 'mine' }, { network: 'mine' }],
    [{ NetworkMode: 'container:a' }, { network: 'container:a' }],
    [{ PublishAllPorts: true }, { publishAllPorts: true }],
    [
      { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }], '53/udp': [{ HostIp: '0.0.0.0', HostPort: '' }] } },
      {
        ports: [
          { protocol: 'tcp', containerPort: 80, hostPorts: { from: 8080, to: 8080 } },
          { protocol: 'udp', containerPort: 53, hostAddress: '0.0.0.0' },
        ],
      },
    ],
    [
      { PidMode: 'host', IpcMode: 'shareable', UTSMode: 'host' },
      { pidMode: 'host', ipcMode: 'shareable', utsMode: 'host' },
    ],
    [{ CgroupnsMode: 'private' }, { cgroupnsMode: 'private' }],
    [{ Privileged: true }, { privileged: true }],
    [
      { CapAdd: ['NET_ADMIN'], CapDrop: ['ALL'] },
      { capAdd: ['NET_ADMIN'], capDrop: ['ALL'] },
    ],
    [{ SecurityOpt: ['no-new-privileges'] }, { noNewPrivileges: true }],
    [{ SecurityOpt: ['no-new-privileges:false'] }, { noNewPrivileges: false }],
    [{ SecurityOpt: ['seccomp=unconfined'] }, { seccomp: 'unconfined' }],
    [{ SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'] }, { seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] } }],
    [{ SecurityOpt: ['systempaths=unconfined'] }, { maskedPaths: [], readonlyPaths: [] }],
    [{ MaskedPaths: ['/proc/keys'] }, { maskedPaths: ['/proc/keys'] }],
    [
      { Memory: 1024, MemorySwap: -1, MemoryReservation: 512 },
      { resources: { memoryBytes: 1024, memorySwapBytes: -1, memoryReservationBytes: 512 } },
    ],
    [{ NanoCpus: 5e8 }, { resources: { nanoCpus: 5e8 } }],
    [{ CpuShares: 2, CpuPeriod: 3000, CpuQuota: 4000 }, { resources: { cpuShares: 2, cpuPeriodUs: 3000, cpuQuotaUs: 4000 } }],
    [{ CpusetCpus: '0', CpusetMems: '0' }, { resources: { cpusetCpus: '0', cpusetMems: '0' } }],
    [{ PidsLimit: -5 }, { resources: { pidsLimit: -1 } }],
    [{ BlkioWeight: 100 }, { resources: { blkioWeight: 100 } }],
    [{ BlkioDeviceReadBps: [{ Path: '/dev/a', Rate: 7 }] }, { resources: { blkioDeviceReadBps: [{ path: '/dev/a', rate: 7 }] } }],
    [{ MemorySwappiness: 0 }, { resources: { memorySwappiness: 0 } }],
    [{ OomKillDisable: true }, { resources: { oomKillDisable: true } }],
    [{ AutoRemove: true }, { autoRemove: true }],
    [{ RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } }, { restartPolicy: { name: 'on-failure', maximumRetryCount: 2 } }],
    [{ LogConfig: { Type: 'none' } }, { logging: { driver: 'none', options: {} } }],
    [{ LogConfig: { Type: '', Config: { 'max-size': '1m' } } }, { logging: { driver: 'json-file', options: { 'max-size': '1m' } } }],
    [{ ConsoleSize: [24, 80] }, { consoleSize: { rows: 24, columns: 80 } }],
    [{ Annotations: { a: 'b' } }, { annotations: { a: 'b' } }],
    [
      { Dns: ['1.1.1.1'], DnsSearch: ['a'], DnsOptions: ['b'] },
      { dns: ['1.1.1.1'], dnsSearch: ['a'], dnsOptions: ['b'] },
    ],
    [{ ExtraHosts: ['a:1.2.3.4'] }, { extraHosts: ['a:1.2.3.4'] }],
    [{ GroupAdd: ['7'] }, { groupAdd: ['7'] }],
    [{ OomScoreAdj: 5 }, { oomScoreAdj: 5 }],
    [{ ShmSize: 4096 }, { shmSizeBytes: 4096 }],
    [{ Sysctls: { 'net.a': '1' } }, { sysctls: { 'net.a': '1' } }],
    [{ Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }] }, { ulimits: [{ name: 'nofile', soft: 1, hard: 2 }] }],
    [{ Runtime: 'runc' }, { runtime: 'runc' }],
    [{ Init: true }, { init: true }],
    [
      { Devices: [{ PathOnHost: '/dev/fuse' }] },
      { devices: [{ pathOnHost: '/dev/fuse', pathInContainer: '/dev/fuse', permissions: 'rwm' }] },
    ],
    [{ DeviceCgroupRules: ['c 1:3 r'] }, { deviceCgroupRules: ['c 1:3 r'] }],
  ])('%j is honoured', (host, wanted) => {
    expect(hosted(host)).toMatchObject(wanted);
    expect(create({}, host).warnings).toEqual([]);
  });

  test.each([
    [{ SecurityOpt: ['apparmor=mine'] }, /apparmor/],
    [{ Shiny: 1 }, /HostConfig\.Shiny/],
  ])('%j is answered with a warning', (host, warning) => {
    expect(create({}, host).warnings).toEqual([expect.stringMatching(warning)]);
  });

  test.each([
    [{ PidMode: 'container:a' }],
    [{ Mounts: [{ Type: 'npipe', Target: '/data' }] }],
    [{ Links: ['a:b'] }],
    [{ CgroupParent: '/a' }],
    [{ StorageOpt: { size: '1G' } }],
    [{ DeviceRequests: [{ Count: -1 }] }],
    [{ UsernsMode: 'private' }],
    [{ LogConfig: { Type: 'syslog' } }],
    [{ BlkioWeightDevice: [{ Path: '/dev/a', Weight: 1 }] }],
    [{ CpuRealtimePeriod: 1 }],
  ])('%j is refused as unsupported', (host) => {
    expect(() => create({}, host)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  test.each([
    [{ Binds: ['/a'] }],
    [{ Binds: ['/a:b'] }],
    [{ Binds: ['/a:/b:wild'] }],
    [{ Binds: ['/a:/b', '/c:/b/'] }],
    [{ Tmpfs: { '/t': 'size=many' } }],
    [{ Tmpfs: { '/t': 'mode=wild' } }],
    [{ IpcMode: 'odd' }],
    [{ SecurityOpt: ['magic'] }],
    [{ SecurityOpt: ['seccomp={'] }],
    [{ RestartPolicy: { Name: 'sometimes' } }],
    [{ RestartPolicy: { Name: 'always', MaximumRetryCount: 1 } }],
    [{ AutoRemove: true, RestartPolicy: { Name: 'always' } }],
    [{ Memory: -1 }],
    [{ Memory: 1.5 }],
    [{ Memory: '1g' }],
    [{ MemorySwappiness: 101 }],
    [{ NanoCpus: 1, CpuQuota: 1 }],
    [{ ShmSize: -1 }],
    [{ Ulimits: [{}] }],
    [{ Ulimits: 'nofile' }],
  ])('%j is refused as nonsense', (host) => {
    expect(() => create({}, host)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});
