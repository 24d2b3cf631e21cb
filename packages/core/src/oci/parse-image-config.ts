import { asArray, asBoolean, asNumber, asObject, asString, asStringMap, asStrings, optional, parseJson } from './foreign-json.ts';
import type { Healthcheck, ImageConfig, ImageHistoryEntry, ImageRunConfig } from './image-config.ts';
import { parseDigest } from './parse-digest.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads a config blob (image-spec config.md and Docker's additions). Throws `invalid-argument` with the path at fault. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const body = asObject(parseJson(bytes, 'the image config'), 'config');
  const rootfs = asObject(body['rootfs'] ?? { diff_ids: [] }, 'config.rootfs');
  const result: Mutable<ImageConfig> = {
    architecture: optional(body['architecture'], 'config.architecture', asString) ?? '',
    os: optional(body['os'], 'config.os', asString) ?? 'linux',
    config: optional(body['config'], 'config.config', parseRunConfig) ?? {},
    rootfs: { type: 'layers', diffIds: (optional(rootfs['diff_ids'], 'config.rootfs.diff_ids', asArray) ?? []).map(parseDigest) },
    history: (optional(body['history'], 'config.history', asArray) ?? []).map((item, index) =>
      parseHistory(item, `config.history[${index}]`),
    ),
  };
  for (const key of ['created', 'author', 'variant'] as const) {
    const text = optional(body[key], `config.${key}`, asString);
    if (text !== undefined && text !== '') result[key] = text;
  }
  return result;
}

/** The `config` object of the blob; also the body of Docker's commit. */
export function parseRunConfig(value: unknown, path: string): ImageRunConfig {
  const body = asObject(value, path);
  const result: Mutable<ImageRunConfig> = {};
  const take = <K extends keyof ImageRunConfig>(key: K, name: string, read: (value: unknown, path: string) => ImageRunConfig[K]): void => {
    const item = optional(body[name], `${path}.${name}`, read);
    if (item !== undefined && item !== '') result[key] = item;
  };
  take('user', 'User', asString);
  take('env', 'Env', asStrings);
  take('entrypoint', 'Entrypoint', asStrings);
  take('command', 'Cmd', asStrings);
  take('workingDir', 'WorkingDir', asString);
  take('labels', 'Labels', asStringMap);
  take('stopSignal', 'StopSignal', asString);
  take('exposedPorts', 'ExposedPorts', asKeys);
  take('volumes', 'Volumes', asKeys);
  take('healthcheck', 'Healthcheck', parseHealthcheck);
  take('shell', 'Shell', asStrings);
  take('onBuild', 'OnBuild', asStrings);
  return result;
}

const asKeys = (value: unknown, path: string): readonly string[] => Object.keys(asObject(value, path));

export function parseHealthcheck(value: unknown, path: string): Healthcheck {
  const body = asObject(value, path);
  const result: Mutable<Healthcheck> = {};
  const test = optional(body['Test'], `${path}.Test`, asStrings);
  if (test !== undefined) result.test = test;
  const numbers = {
    intervalNs: 'Interval',
    timeoutNs: 'Timeout',
    startPeriodNs: 'StartPeriod',
    startIntervalNs: 'StartInterval',
    retries: 'Retries',
  } as const;
  for (const [key, name] of Object.entries(numbers) as [keyof typeof numbers, string][]) {
    const number = optional(body[name], `${path}.${name}`, asNumber);
    if (number !== undefined && number !== 0) result[key] = number;
  }
  return result;
}

function parseHistory(value: unknown, path: string): ImageHistoryEntry {
  const body = asObject(value, path);
  const result: Mutable<ImageHistoryEntry> = {};
  const texts = { created: 'created', createdBy: 'created_by', author: 'author', comment: 'comment' } as const;
  for (const [key, name] of Object.entries(texts) as [keyof typeof texts, string][]) {
    const text = optional(body[name], `${path}.${name}`, asString);
    if (text !== undefined && text !== '') result[key] = text;
  }
  if (optional(body['empty_layer'], `${path}.empty_layer`, asBoolean) === true) result.emptyLayer = true;
  return result;
}

/** The bytes of a config that jocker makes itself; reads back as the same value. */
export function encodeImageConfig(image: ImageConfig): Buffer {
  const { config } = image;
  const keys = (names: readonly string[] | undefined): Record<string, object> | undefined =>
    names === undefined ? undefined : Object.fromEntries(names.map((name) => [name, {}]));
  return Buffer.from(
    JSON.stringify({
      created: image.created,
      author: image.author,
      architecture: image.architecture,
      variant: image.variant,
      os: image.os,
      config: {
        User: config.user,
        ExposedPorts: keys(config.exposedPorts),
        Env: config.env,
        Entrypoint: config.entrypoint,
        Cmd: config.command,
        Volumes: keys(config.volumes),
        WorkingDir: config.workingDir,
        Labels: config.labels,
        StopSignal: config.stopSignal,
        Shell: config.shell,
        OnBuild: config.onBuild,
        Healthcheck: config.healthcheck === undefined ? undefined : encodeHealthcheck(config.healthcheck),
      },
      rootfs: { type: 'layers', diff_ids: image.rootfs.diffIds },
      history: image.history.map((entry) => ({
        created: entry.created,
        created_by: entry.createdBy,
        author: entry.author,
        comment: entry.comment,
        empty_layer: entry.emptyLayer,
      })),
    }),
  );
}

function encodeHealthcheck(check: Healthcheck): object {
  return {
    Test: check.test,
    Interval: check.intervalNs,
    Timeout: check.timeoutNs,
    StartPeriod: check.startPeriodNs,
    StartInterval: check.startIntervalNs,
    Retries: check.retries,
  };
}
