import { Type, type TArray, type TOptional, type TString, type TUnsafe } from '@sinclair/typebox';
import type { ExecCreateRequest, RegistryCredentials, ResourceLimits, RestartPolicy, TerminalSize } from '@jocker/core';
import { schemaOf, strict } from './schema-of.ts';

const text = Type.Optional(Type.String());
const texts = Type.Optional(Type.Array(Type.String()));
const yesNo = Type.Optional(Type.Boolean());
const whole = Type.Optional(Type.Integer());

/** Of a container on one network. */
export const endpointSettings: { aliases: TOptional<TArray<TString>>; address: TOptional<TString>; macAddress: TOptional<TString> } = {
  aliases: texts,
  address: text,
  macAddress: text,
};

export const terminalSizeSchema: TUnsafe<TerminalSize> = schemaOf<TerminalSize>()(
  strict({ columns: Type.Integer({ minimum: 0, maximum: 65535 }), rows: Type.Integer({ minimum: 0, maximum: 65535 }) }),
);

export const attachSchema: TUnsafe<{ readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }> = schemaOf<{
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}>()(strict({ stdin: Type.Boolean(), stdout: Type.Boolean(), stderr: Type.Boolean() }));

export const credentialsSchema: TUnsafe<RegistryCredentials> = schemaOf<RegistryCredentials>()(
  strict({ host: Type.String({ minLength: 1 }), username: text, password: text, identityToken: text, registryToken: text }),
);

export const restartPolicySchema: TUnsafe<RestartPolicy> = schemaOf<RestartPolicy>()(
  strict({
    name: Type.Union([Type.Literal('no'), Type.Literal('always'), Type.Literal('unless-stopped'), Type.Literal('on-failure')]),
    maximumRetryCount: Type.Integer({ minimum: 0 }),
  }),
);

const deviceRates = Type.Optional(Type.Array(strict({ path: Type.String(), rate: Type.Integer({ minimum: 0 }) })));

export const resourceLimitsSchema: TUnsafe<ResourceLimits> = schemaOf<ResourceLimits>()(
  strict({
    memoryBytes: whole,
    memorySwapBytes: whole,
    memoryReservationBytes: whole,
    memorySwappiness: whole,
    oomKillDisable: yesNo,
    nanoCpus: whole,
    cpuShares: whole,
    cpuPeriodUs: whole,
    cpuQuotaUs: whole,
    cpusetCpus: text,
    cpusetMems: text,
    pidsLimit: whole,
    blkioWeight: whole,
    blkioDeviceReadBps: deviceRates,
    blkioDeviceWriteBps: deviceRates,
    blkioDeviceReadIops: deviceRates,
    blkioDeviceWriteIops: deviceRates,
  }),
);

export const execCreateRequestSchema: TUnsafe<ExecCreateRequest> = schemaOf<ExecCreateRequest>()(
  strict({
    command: Type.Array(Type.String()),
    tty: yesNo,
    openStdin: yesNo,
    env: texts,
    workingDir: text,
    user: text,
    privileged: yesNo,
    size: Type.Optional(terminalSizeSchema),
    attach: Type.Optional(attachSchema),
    detachKeys: text,
  }),
);
