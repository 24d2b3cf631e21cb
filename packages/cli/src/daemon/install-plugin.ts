import { randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa, type ExecaError } from 'execa';
import type { PluginInstaller, PluginInstallRequest } from '@jocker/core';
import { JockerError } from '@jocker/protocol';
import type { PluginSetting } from './daemon-settings.ts';
import { loadPlugin } from './load-plugins.ts';
import { assertInstallable, readPluginPackage } from './plugin-package.ts';

const installTimeoutMs = 300_000;
const settingFile = 'setting.json';
/** Node takes TypeScript as it is, but not below a node_modules: the package lies beside what it depends on. */
const packageFolder = 'package';

/**
 * Installs plugins into a folder, one folder each, with the npm client: a package's name, a tarball or a folder. No script of
 * a package runs. A folder has a name of its own at each installation, as a module that was imported stays in memory.
 */
export interface PluginPackages extends PluginInstaller {
  /** What is installed, for the start of the daemon; what is there but not complete is removed. */
  settings(): Promise<readonly PluginSetting[]>;
}

export function createPluginInstaller(directory: string): PluginPackages {
  const installed = async (): Promise<readonly { readonly folder: string; readonly name: string; readonly setting: PluginSetting }[]> => {
    const folders = (await readdir(directory).catch(() => [])).filter((each) => !each.startsWith('.')).toSorted();
    const found = folders.map(async (each) => {
      const folder = join(directory, each);
      const { name, ...setting } = JSON.parse(await readFile(join(folder, settingFile), 'utf8')) as { name: string } & PluginSetting;
      return { folder, name, setting: { ...setting, use: join(folder, packageFolder), from: folder } };
    });
    return (await Promise.allSettled(found)).flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  };
  return {
    async settings() {
      const found = await installed();
      const complete = found.map(({ folder }) => folder);
      // What a daemon that ended in the middle of an installation left.
      for (const each of await readdir(directory).catch(() => [])) {
        const folder = join(directory, each);
        if (!complete.includes(folder)) await rm(folder, { recursive: true, force: true });
      }
      return found.map(({ setting }) => setting);
    },
    async install(request, { signal }) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const incoming = join(directory, `.incoming-${randomBytes(6).toString('hex')}`);
      let folder = incoming;
      try {
        const { name } = await fetchPackage(request.use, incoming, signal);
        const manifest = await assertInstallable(await readPluginPackage(join(incoming, packageFolder)));
        assertAllowed(name, manifest.permissions, request);
        const setting = {
          options: request.options,
          required: request.required,
          isolation: request.isolation,
          permissions: manifest.permissions,
        };
        const target = join(directory, `${name.replaceAll('/', '+')}~${randomBytes(4).toString('hex')}`);
        await rename(incoming, target);
        folder = target;
        const entry = await loadPlugin({ ...setting, use: join(target, packageFolder), from: target });
        await writeFile(join(target, settingFile), JSON.stringify({ name: entry.plugin.name, ...setting }), { mode: 0o600 });
        return {
          entry: { ...entry, source: request.use },
          discard: async () => await rm(target, { recursive: true, force: true }),
        };
      } catch (error) {
        await rm(folder, { recursive: true, force: true });
        throw error;
      }
    },
    async uninstall(name) {
      for (const each of await installed()) if (each.name === name) await rm(each.folder, { recursive: true, force: true });
    },
  };
}

/** npm works in `directory/fetched`; the package itself is moved beside its dependencies. */
async function fetchPackage(use: string, directory: string, signal: AbortSignal): Promise<{ readonly name: string }> {
  if (use.startsWith('-')) throw new JockerError('invalid-argument', `"${use}" is no package, tarball or folder`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(join(directory, 'package.json'), '{ "private": true }');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  // Its engine is the daemon's own: no copy of it is fetched. A folder is copied and not linked.
  const flags = [...quiet, '--legacy-peer-deps', '--omit=dev', '--install-links', '--no-package-lock'];
  try {
    await execa('npm', ['install', ...flags, '--', use], {
      cwd: directory,
      cancelSignal: signal,
      timeout: installTimeoutMs,
      env: { NODE_OPTIONS: '' },
      stdin: 'ignore',
    });
  } catch (error) {
    if (signal.aborted) throw new JockerError('cancelled', `the installation of ${use} was cancelled`, { cause: error });
    const { code, stderr, shortMessage } = error as ExecaError;
    const why = code === 'ENOENT' ? 'there is no npm on this machine' : (lastLine(String(stderr)) ?? shortMessage);
    throw new JockerError('invalid-argument', `the plugin ${use} cannot be installed: ${why}`, { cause: error });
  }
  const { dependencies = {} } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  const [name] = Object.keys(dependencies);
  if (name === undefined) throw new JockerError('invalid-argument', `npm installed nothing for ${use}`);
  await cp(join(directory, 'node_modules', name), join(directory, packageFolder), { recursive: true });
  await rm(join(directory, 'node_modules', name), { recursive: true });
  return { name };
}

/** What it may widen is the operator's decision, and made before any of its code runs. */
function assertAllowed(name: string, permissions: readonly string[], { allow }: PluginInstallRequest): void {
  const missing = permissions.filter((permission) => allow?.some((each) => each === permission) !== true);
  if (missing.length === 0) return;
  throw new JockerError(
    'permission-denied',
    `the plugin ${name} asks for ${missing.join(', ')}, which has to be allowed when it is added`,
    {
      details: { permissions: missing },
    },
  );
}

const lastLine = (text: string): string | undefined =>
  text
    .split('\n')
    .map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim())
    .find((line) => line !== '' && !/^(code|errno|syscall|path|A complete log)/.test(line));
