import { Type, type TUnsafe } from '@sinclair/typebox';
import type { CreateRequest, DeviceRequest, ImageRunConfig, MountRequest, OciSpec, PortRequest, Ulimit } from '@jocker/core';
import { attachSchema, endpointSettings, resourceLimitsSchema, restartPolicySchema, terminalSizeSchema } from './request-schemas.ts';
import { schemaOf, strict } from './schema-of.ts';

const text = Type.Optional(Type.String());
const texts = Type.Optional(Type.Array(Type.String()));
const yesNo = Type.Optional(Type.Boolean());
const whole = Type.Optional(Type.Integer());
const textMap = Type.Optional(Type.Record(Type.String(), Type.String()));

type Healthcheck = NonNullable<ImageRunConfig['healthcheck']>;
type Seccomp = NonNullable<NonNullable<OciSpec['linux']>['seccomp']>;

const healthcheck = schemaOf<Healthcheck>()(
  strict({ test: texts, intervalNs: whole, timeoutNs: whole, startPeriodNs: whole, startIntervalNs: whole, retries: whole }),
);

const mount = schemaOf<MountRequest>()(
  Type.Union([
    strict({
      type: Type.Literal('bind'),
      source: Type.String(),
      target: Type.String(),
      readonly: yesNo,
      propagation: text,
      createSource: yesNo,
    }),
    strict({ type: Type.Literal('tmpfs'), target: Type.String(), sizeBytes: whole, mode: whole, options: texts, readonly: yesNo }),
    strict({
      type: Type.Literal('volume'),
      source: text,
      target: Type.String(),
      readonly: yesNo,
      noCopy: yesNo,
      subpath: text,
      driver: text,
      options: textMap,
      labels: textMap,
    }),
  ]),
);

const device = schemaOf<DeviceRequest>()(
  strict({ pathOnHost: Type.String(), pathInContainer: Type.String(), permissions: Type.String({ pattern: '^[rwm]{1,3}$' }) }),
);

const ulimit = schemaOf<Ulimit>()(strict({ name: Type.String(), soft: Type.Integer(), hard: Type.Integer() }));

const privateOrHost = Type.Optional(Type.Union([Type.Literal('private'), Type.Literal('host')]));

const ofContainer = Type.TemplateLiteral('container:${string}');

const port = schemaOf<PortRequest>()(
  strict({
    protocol: Type.Union([Type.Literal('tcp'), Type.Literal('udp')]),
    containerPort: Type.Integer(),
    hostAddress: text,
    hostPorts: Type.Optional(strict({ from: Type.Integer(), to: Type.Integer() })),
  }),
);

export const createRequestSchema: TUnsafe<CreateRequest> = schemaOf<CreateRequest>()(
  strict({
    image: Type.String({ minLength: 1 }),
    name: text,
    pull: Type.Optional(Type.Union([Type.Literal('missing'), Type.Literal('always'), Type.Literal('never')])),
    platform: text,
    command: texts,
    entrypoint: texts,
    env: texts,
    workingDir: text,
    user: text,
    groupAdd: texts,
    hostname: text,
    domainname: text,
    tty: yesNo,
    consoleSize: Type.Optional(terminalSizeSchema),
    openStdin: yesNo,
    stdinOnce: yesNo,
    attach: Type.Optional(attachSchema),
    labels: textMap,
    annotations: textMap,
    exposedPorts: texts,
    healthcheck: Type.Optional(healthcheck),
    stopSignal: text,
    stopTimeoutSeconds: whole,
    autoRemove: yesNo,
    restartPolicy: Type.Optional(restartPolicySchema),
    mounts: Type.Optional(Type.Array(mount)),
    volumesFrom: texts,
    readonlyRootfs: yesNo,
    shmSizeBytes: whole,
    devices: Type.Optional(Type.Array(device)),
    deviceCgroupRules: texts,
    network: text,
    endpoints: Type.Optional(Type.Array(strict({ network: Type.String(), ...endpointSettings }))),
    ports: Type.Optional(Type.Array(port)),
    publishAllPorts: yesNo,
    extraHosts: texts,
    dns: texts,
    dnsSearch: texts,
    dnsOptions: texts,
    privileged: yesNo,
    capAdd: texts,
    capDrop: texts,
    noNewPrivileges: yesNo,
    seccomp: Type.Optional(
      // The profile itself is looked at by the engine, which also takes it from Docker's clients.
      Type.Union([Type.Literal('default'), Type.Literal('unconfined'), Type.Unsafe<Seccomp>(Type.Object({}))]),
    ),
    maskedPaths: texts,
    readonlyPaths: texts,
    pidMode: Type.Optional(Type.Union([Type.Literal('private'), Type.Literal('host'), ofContainer])),
    ipcMode: Type.Optional(
      Type.Union([Type.Literal('private'), Type.Literal('host'), Type.Literal('none'), Type.Literal('shareable'), ofContainer]),
    ),
    utsMode: privateOrHost,
    cgroupnsMode: privateOrHost,
    sysctls: textMap,
    ulimits: Type.Optional(Type.Array(ulimit)),
    oomScoreAdj: whole,
    init: yesNo,
    resources: Type.Optional(resourceLimitsSchema),
    runtime: text,
    snapshotter: text,
    logging: Type.Optional(strict({ driver: Type.String(), options: Type.Record(Type.String(), Type.String()) })),
    lease: text,
    origin: Type.Optional(Type.String({ maxLength: 4096 })),
  }),
);
