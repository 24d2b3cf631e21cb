import { JockerError } from '../errors/jocker-error.ts';
import type { Operations } from '../operation/operations.ts';
import type { PluginHost } from '../plugin/plugin-host.ts';
import type { PluginApi } from './engine.ts';
import type { PluginInstaller } from './engine-options.ts';

export function createEnginePlugins(host: PluginHost, operations: Operations, installer: PluginInstaller | undefined): PluginApi {
  return {
    list: async () => host.views,
    usage: async () => host.usage(),
    inspect: async (name) => host.inspect(name),
    add: async (entry) => await host.add(entry),
    async install(request, options = {}) {
      if (installer === undefined) throw new JockerError('unsupported', 'this engine has nobody who installs plugins');
      return await operations.run({ verb: 'plugin.install', subject: request.use, ...options }, async (operation) => {
        const installed = await operation.stage('install', null, async (stage) => await installer.install(request, stage));
        try {
          return await operation.stage('setup', installed.entry.plugin.name, async () => await host.add(installed.entry));
        } catch (error) {
          await installed.discard();
          throw error;
        }
      });
    },
    async remove(name, options = {}) {
      await operations.run({ verb: 'plugin.remove', subject: name, ...options }, async () => {
        await host.remove(name);
        await installer?.uninstall(name);
      });
    },
  };
}
