import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pluginApiVersion, specPermissions, type SpecPermission } from '@jocker/core';
import { JockerError } from '@jocker/protocol';

/** What stands in the package.json of a plugin; can be looked at before any of its code runs. */
export interface PluginPackage {
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  /** The module that exports the plugin. */
  readonly entryFile: string;
  /** The field `jocker`; undefined when there is none. */
  readonly manifest: PluginManifest | undefined;
}

export interface PluginManifest {
  readonly apiVersion: number;
  readonly permissions: readonly SpecPermission[];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Throws `invalid-argument` for a folder that is no package, and for a manifest that is wrong. */
export async function readPluginPackage(directory: string): Promise<PluginPackage> {
  let document: unknown;
  try {
    document = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  } catch (error) {
    throw new JockerError('invalid-argument', `the plugin ${directory} is a directory without a package.json that can be read`, {
      cause: error,
    });
  }
  const { name, version, exports, main, jocker } = isObject(document) ? document : {};
  const entryFile = join(directory, exportedFile(exports) ?? (typeof main === 'string' ? main : 'index.js'));
  return {
    directory,
    name: typeof name === 'string' ? name : '',
    version: typeof version === 'string' ? version : '',
    entryFile,
    manifest: jocker === undefined ? undefined : parseManifest(jocker, typeof name === 'string' ? name : directory),
  };
}

/** What an installed plugin has to have beyond that: a manifest, and a module where it says that one is. */
export async function assertInstallable({ name, manifest, entryFile }: PluginPackage): Promise<PluginManifest> {
  if (manifest === undefined)
    throw new JockerError('invalid-argument', `the package ${name} is no jocker plugin: its package.json has no field "jocker"`);
  if (manifest.apiVersion !== pluginApiVersion) {
    throw new JockerError(
      'unsupported',
      `the package ${name} is made for version ${manifest.apiVersion} of the plugin API, and this engine has version ${pluginApiVersion}`,
    );
  }
  if ((await stat(entryFile).catch(() => undefined))?.isFile() !== true)
    throw new JockerError(
      'invalid-argument',
      `the package ${name} has no file ${entryFile.slice(entryFile.lastIndexOf('/') + 1)}, which its package.json names`,
    );
  return manifest;
}

function parseManifest(value: unknown, name: string): PluginManifest {
  const wrong = (what: string): JockerError => new JockerError('invalid-argument', `the package ${name} has a field "jocker" ${what}`);
  if (!isObject(value)) throw wrong('that is no object');
  const { apiVersion, permissions = [] } = value;
  if (!Number.isInteger(apiVersion)) throw wrong('without a whole number apiVersion');
  const known: readonly unknown[] = specPermissions;
  if (!Array.isArray(permissions) || !permissions.every((each) => known.includes(each)))
    throw wrong(`with permissions that are not among ${specPermissions.join(', ')}`);
  return { apiVersion: apiVersion as number, permissions: permissions as SpecPermission[] };
}

/** The target of `.` in `exports`, by the conditions that this program imports with. */
function exportedFile(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (!isObject(exports)) return undefined;
  return exportedFile(exports['.'] ?? exports['node'] ?? exports['import'] ?? exports['default']);
}
