import {
  asArray,
  asBoolean,
  asNumber,
  asObject,
  asString,
  asStringMap,
  asStrings,
  JockerError,
  optional,
  parseJson,
  type CreateRequest,
  type DeviceRequest,
  type MountRequest,
  type OciSeccomp,
  type RestartPolicy,
  type Ulimit,
} from '@jocker/core';
import type { FieldReader } from './field-reader.ts';
import { parseBind, parseMount, parseTmpfs } from './mount-options.ts';
import { readPortBindings } from './port-bindings.ts';
import { parseResources } from './resources.ts';

type Draft = { -readonly [K in keyof CreateRequest]: CreateRequest[K] };

/** HostConfig: each field is honoured, warned about or refused; `fields` warns about the ones that nobody asked for. */
export function readHostConfig(fields: FieldReader, draft: Draft): void {
  readMounts(fields, draft);
  readNamespaces(fields, draft);
  readSecurity(fields, draft);
  const resources = parseResources(fields);
  if (Object.keys(resources).length > 0) draft.resources = resources;

  fields.take('AutoRemove', asBoolean, (value) => (draft.autoRemove = value));
  fields.take('RestartPolicy', parseRestartPolicy, (value) => (draft.restartPolicy = value));
  if (draft.autoRemove === true && draft.restartPolicy !== undefined && draft.restartPolicy.name !== 'no')
    throw new JockerError('invalid-argument', "can't create 'AutoRemove' container with restart policy");
  fields.take('LogConfig', parseLogConfig, (value) => {
    if (value !== undefined) draft.logging = value;
  });
  fields.take('ConsoleSize', parseConsoleSize, (value) => {
    if (value !== undefined) draft.consoleSize = value;
  });
  fields.take('Annotations', asStringMap, (value) => (draft.annotations = value));
  fields.take('Dns', asStrings, (value) => (draft.dns = value));
  fields.take('DnsOptions', asStrings, (value) => (draft.dnsOptions = value));
  fields.take('DnsSearch', asStrings, (value) => (draft.dnsSearch = value));
  fields.take('ExtraHosts', asStrings, (value) => (draft.extraHosts = value));
  fields.take('GroupAdd', asStrings, (value) => (draft.groupAdd = value));
  fields.take('OomScoreAdj', asNumber, (value) => {
    if (value !== 0) draft.oomScoreAdj = value;
  });
  fields.take('ShmSize', asNumber, (value) => {
    if (value < 0) throw new JockerError('invalid-argument', 'SHM size can not be less than 0');
    if (value > 0) draft.shmSizeBytes = value;
  });
  fields.take('Sysctls', asStringMap, (value) => (draft.sysctls = value));
  fields.take('Ulimits', parseUlimits, (value) => (draft.ulimits = value));
  fields.take('Runtime', asString, (value) => {
    if (value !== '') draft.runtime = value;
  });
  fields.take('Init', asBoolean, (value) => (draft.init = value));
  fields.take('Devices', parseDevices, (value) => (draft.devices = value));
  fields.take('DeviceCgroupRules', asStrings, (value) => (draft.deviceCgroupRules = value));

  // Of the client itself, of other systems, or the same as their absence.
  fields.ignore('ContainerIDFile', 'Isolation', 'CpuCount', 'CpuPercent', 'IOMaximumIOps', 'IOMaximumBandwidth', 'VolumeDriver', 'Cgroup');
  fields.refuse('Links', '--link is not supported: containers find each other by name on a network of their own');
  fields.take('VolumesFrom', asStrings, (value) => {
    if (value.length > 0) draft.volumesFrom = value;
  });
  fields.refuse('CgroupParent', '--cgroup-parent is not supported');
  fields.refuse('StorageOpt', '--storage-opt is not supported');
  fields.refuse('DeviceRequests', '--gpus and device requests are not supported');
  fields.refuse('UsernsMode', '--userns is not supported', ['', 'host']);
}

function readMounts(fields: FieldReader, draft: Draft): void {
  const mounts: MountRequest[] = [];
  fields.take('Binds', asStrings, (value) => mounts.push(...value.map(parseBind)));
  fields.take('Mounts', asArray, (value) => mounts.push(...value.map((item, index) => parseMount(item, `HostConfig.Mounts[${index}]`))));
  fields.take('Tmpfs', asStringMap, (value) => mounts.push(...Object.entries(value).map(([target, text]) => parseTmpfs(target, text))));
  const twice = mounts.map(({ target }) => target.replace(/\/+$/, '')).find((target, index, all) => all.indexOf(target) !== index);
  if (twice !== undefined) throw new JockerError('invalid-argument', `Duplicate mount point: ${twice}`);
  if (mounts.length > 0) draft.mounts = mounts;
  fields.take('ReadonlyRootfs', asBoolean, (value) => {
    if (value) draft.readonlyRootfs = true;
  });
}

function readNamespaces(fields: FieldReader, draft: Draft): void {
  fields.take('NetworkMode', asString, (value) => {
    if (value !== '' && value !== 'default') draft.network = value;
  });
  fields.take('PortBindings', asObject, (value) => {
    const ports = readPortBindings(value);
    if (ports.length > 0) draft.ports = ports;
  });
  fields.take('PublishAllPorts', asBoolean, (value) => {
    if (value) draft.publishAllPorts = true;
  });
  choice(fields, 'PidMode', { '': 'private', private: 'private', host: 'host' }, (value) => (draft.pidMode = value));
  choice(
    fields,
    'IpcMode',
    { '': 'private', private: 'private', shareable: 'shareable', none: 'none', host: 'host' },
    (value) => (draft.ipcMode = value),
  );
  choice(fields, 'UTSMode', { '': 'private', private: 'private', host: 'host' }, (value) => (draft.utsMode = value));
  choice(fields, 'CgroupnsMode', { '': 'private', private: 'private', host: 'host' }, (value, given) => {
    if (given !== '') draft.cgroupnsMode = value;
  });
}

function choice<T extends string>(
  fields: FieldReader,
  name: string,
  choices: Readonly<Record<string, T>>,
  use: (value: T, given: string) => void,
): void {
  fields.take(name, asString, (given) => {
    const value = choices[given];
    if (value === undefined) {
      const known = given.startsWith('container:');
      throw new JockerError(
        known ? 'unsupported' : 'invalid-argument',
        known ? `${name} ${given.slice(0, 80)} is not supported` : `invalid ${name}: ${given.slice(0, 80)}`,
      );
    }
    if (given !== '') use(value, given);
  });
}

function readSecurity(fields: FieldReader, draft: Draft): void {
  fields.take('Privileged', asBoolean, (value) => {
    if (value) draft.privileged = true;
  });
  fields.take('CapAdd', asStrings, (value) => (draft.capAdd = value));
  fields.take('CapDrop', asStrings, (value) => (draft.capDrop = value));
  fields.take('SecurityOpt', asStrings, (value) => {
    for (const option of value) readSecurityOption(option, draft, fields);
  });
  fields.take('MaskedPaths', asStrings, (value) => (draft.maskedPaths = value));
  fields.take('ReadonlyPaths', asStrings, (value) => (draft.readonlyPaths = value));
}

function readSecurityOption(option: string, draft: Draft, fields: FieldReader): void {
  const [, name = '', value = ''] = /^([^=:]+)[=:]?([^]*)$/.exec(option) ?? [];
  switch (name) {
    case 'no-new-privileges':
      draft.noNewPrivileges = value === '' || value === 'true';
      return;
    case 'seccomp':
      draft.seccomp = value === 'unconfined' ? 'unconfined' : value === 'builtin' || value === '' ? 'default' : parseSeccomp(value);
      return;
    case 'systempaths':
      if (value !== 'unconfined') throw new JockerError('invalid-argument', `invalid --security-opt: ${option}`);
      draft.maskedPaths = [];
      draft.readonlyPaths = [];
      return;
    case 'apparmor':
    case 'label':
      if (value !== 'unconfined' && value !== 'disable') fields.warn(`--security-opt ${name} is not supported and has no effect`);
      return;
    default:
      throw new JockerError('invalid-argument', `invalid --security-opt: "${option.slice(0, 80)}"`);
  }
}

/** The CLI sends the profile's text. */
function parseSeccomp(text: string): OciSeccomp {
  const profile = asObject(parseJson(Buffer.from(text), 'the seccomp profile'), 'seccomp');
  const syscalls = (optional(profile['syscalls'], 'seccomp.syscalls', asArray) ?? []).map((item, index) => {
    const path = `seccomp.syscalls[${index}]`;
    const rule = asObject(item, path);
    const single = optional(rule['name'], `${path}.name`, asString);
    const errnoRet = optional(rule['errnoRet'], `${path}.errnoRet`, asNumber);
    const args = (optional(rule['args'], `${path}.args`, asArray) ?? []).map((argument) => {
      const body = asObject(argument, `${path}.args`);
      const valueTwo = optional(body['valueTwo'], `${path}.args.valueTwo`, asNumber);
      return {
        index: asNumber(body['index'], `${path}.args.index`),
        value: asNumber(body['value'], `${path}.args.value`),
        op: asString(body['op'], `${path}.args.op`),
        ...(valueTwo === undefined ? {} : { valueTwo }),
      };
    });
    return {
      names: single === undefined || single === '' ? [...asStrings(rule['names'], `${path}.names`)] : [single],
      action: asString(rule['action'], `${path}.action`),
      ...(errnoRet === undefined ? {} : { errnoRet }),
      ...(args.length === 0 ? {} : { args }),
    };
  });
  const architectures = optional(profile['architectures'], 'seccomp.architectures', asStrings);
  const defaultErrnoRet = optional(profile['defaultErrnoRet'], 'seccomp.defaultErrnoRet', asNumber);
  return {
    defaultAction: asString(profile['defaultAction'], 'seccomp.defaultAction'),
    ...(defaultErrnoRet === undefined ? {} : { defaultErrnoRet }),
    ...(architectures === undefined ? {} : { architectures: [...architectures] }),
    syscalls,
  };
}

export function parseRestartPolicy(value: unknown, path: string): RestartPolicy {
  const policy = asObject(value, path);
  const given = optional(policy['Name'], `${path}.Name`, asString) ?? '';
  const name = given === '' ? 'no' : given;
  const maximumRetryCount = optional(policy['MaximumRetryCount'], `${path}.MaximumRetryCount`, asNumber) ?? 0;
  if (name !== 'no' && name !== 'always' && name !== 'unless-stopped' && name !== 'on-failure')
    throw new JockerError(
      'invalid-argument',
      `invalid restart policy: unknown policy '${name.slice(0, 40)}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  if (maximumRetryCount !== 0 && name !== 'on-failure')
    throw new JockerError('invalid-argument', "invalid restart policy: maximum retry count can only be used with 'on-failure'");
  return { name, maximumRetryCount };
}

function parseLogConfig(value: unknown, path: string): CreateRequest['logging'] {
  const config = asObject(value, path);
  const driver = optional(config['Type'], `${path}.Type`, asString) ?? '';
  const options = optional(config['Config'], `${path}.Config`, asStringMap) ?? {};
  if (driver === '' && Object.keys(options).length === 0) return undefined;
  if (driver !== '' && driver !== 'json-file' && driver !== 'local' && driver !== 'none')
    throw new JockerError('unsupported', `logging driver ${driver.slice(0, 40)} is not supported; there are json-file, local and none`);
  return { driver: driver === '' ? 'json-file' : driver, options };
}

function parseConsoleSize(value: unknown, path: string): CreateRequest['consoleSize'] {
  const [rows, columns] = asArray(value, path).map((item) => asNumber(item, path));
  return rows === undefined || columns === undefined || rows === 0 || columns === 0 ? undefined : { rows, columns };
}

function parseUlimits(value: unknown, path: string): readonly Ulimit[] {
  return asArray(value, path).map((item, index) => {
    const limit = asObject(item, `${path}[${index}]`);
    return {
      name: asString(limit['Name'], `${path}[${index}].Name`),
      soft: optional(limit['Soft'], `${path}[${index}].Soft`, asNumber) ?? 0,
      hard: optional(limit['Hard'], `${path}[${index}].Hard`, asNumber) ?? 0,
    };
  });
}

function parseDevices(value: unknown, path: string): readonly DeviceRequest[] {
  return asArray(value, path).map((item, index) => {
    const device = asObject(item, `${path}[${index}]`);
    const pathOnHost = asString(device['PathOnHost'], `${path}[${index}].PathOnHost`);
    return {
      pathOnHost,
      pathInContainer: optional(device['PathInContainer'], `${path}[${index}].PathInContainer`, asString) || pathOnHost,
      permissions: optional(device['CgroupPermissions'], `${path}[${index}].CgroupPermissions`, asString) || 'rwm',
    };
  });
}
