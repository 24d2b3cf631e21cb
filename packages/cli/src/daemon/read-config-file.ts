import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { specPermissions } from '@jocker/core';
import { JockerError } from '@jocker/protocol';
import type { DaemonSettings, PluginSetting } from './daemon-settings.ts';

type Check = (value: unknown) => boolean;
const isText: Check = (value) => typeof value === 'string' && value !== '';
const isCount: Check = (value) => Number.isInteger(value) && (value as number) > 0;
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const pluginKeys: Readonly<Record<Exclude<keyof PluginSetting, 'from'>, Check>> = {
  use: isText,
  options: () => true,
  required: (value) => typeof value === 'boolean',
  isolation: (value) => value === 'none' || value === 'process',
  permissions: isListOf((value) => specPermissions.some((each) => each === value)),
};
const isPlugin: Check = (value) =>
  isText(value) ||
  (isObject(value) &&
    isText(value['use']) &&
    Object.entries(value).every(([key, given]) => Object.hasOwn(pluginKeys, key) && pluginKeys[key as keyof typeof pluginKeys](given)));

const keys: Readonly<Record<keyof DaemonSettings, { readonly check: Check; readonly expected: string }>> = {
  socket: { check: isText, expected: 'a path' },
  dataRoot: { check: isText, expected: 'a path' },
  runRoot: { check: isText, expected: 'a path' },
  runtime: { check: isText, expected: 'the name of a runtime' },
  snapshotter: { check: isText, expected: 'the name of a snapshotter' },
  plugins: {
    check: isListOf(isPlugin),
    expected: 'a list of paths or packages, or of objects with use, options, required, isolation and permissions',
  },
  pluginDirectory: { check: isText, expected: 'a path' },
  insecureRegistries: { check: isListOf(isText), expected: 'a list of hosts' },
  mirrors: {
    check: (value) => isObject(value) && Object.values(value).every(isListOf(isText)),
    expected: 'an object with a list of URLs per registry',
  },
  logMaxSizeBytes: { check: isCount, expected: 'a number of bytes' },
  defaultNetwork: { check: isText, expected: 'none, host or the name of a network' },
  publishAddress: { check: isText, expected: 'an address' },
  maxConcurrentDownloads: { check: isCount, expected: 'a number above 0' },
};

/** The settings in a config file. A key or value that is wrong is named; paths are meant from the file's directory. */
export async function readConfigFile(path: string): Promise<Partial<DaemonSettings>> {
  const wrong = (what: string, cause?: unknown): JockerError =>
    new JockerError('invalid-argument', `the config file ${path} ${what}`, { cause });
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw wrong('cannot be read', error);
  });
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw wrong(`is not JSON: ${(error as Error).message}`, error);
  }
  if (!isObject(config)) throw wrong('is not a JSON object');
  for (const [key, value] of Object.entries(config)) {
    const known = Object.hasOwn(keys, key) ? keys[key as keyof DaemonSettings] : undefined;
    if (known === undefined) throw wrong(`has the key ${key}, which is not one of ${Object.keys(keys).join(', ')}`);
    if (!known.check(value)) throw wrong(`has ${key}, which is not ${known.expected}`);
  }
  return withAbsolutePaths(config as ConfigFile, dirname(resolve(path)));
}

type ConfigFile = Omit<Partial<DaemonSettings>, 'plugins'> & { readonly plugins?: readonly (string | Omit<PluginSetting, 'from'>)[] };

function withAbsolutePaths({ plugins, ...config }: ConfigFile, directory: string): Partial<DaemonSettings> {
  const absolute = (key: 'socket' | 'dataRoot' | 'runRoot' | 'pluginDirectory'): object => {
    const path = config[key];
    return path === undefined ? {} : { [key]: resolve(directory, path) };
  };
  const found = plugins?.map((plugin) => ({ ...(typeof plugin === 'string' ? { use: plugin } : plugin), from: directory }));
  return {
    ...config,
    ...absolute('socket'),
    ...absolute('dataRoot'),
    ...absolute('runRoot'),
    ...absolute('pluginDirectory'),
    ...(found === undefined ? {} : { plugins: found }),
  };
}
