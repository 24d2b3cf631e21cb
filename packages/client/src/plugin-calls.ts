import type { PluginDetails, PluginInstallRequest, PluginUsage, PluginView } from '@jocker/protocol';
import { pathOf, type UnixSocket } from './unix-socket.ts';

export interface PluginCalls {
  list(): Promise<readonly PluginView[]>;
  /** What each plugin's calls cost since it was loaded, the most time first. */
  usage(): Promise<readonly PluginUsage[]>;
  inspect(name: string): Promise<PluginDetails>;
  /** Paths in it are the daemon's; make them absolute. */
  install(request: PluginInstallRequest, options?: { readonly signal?: AbortSignal }): Promise<PluginView>;
  remove(name: string): Promise<void>;
}

export function createPluginCalls(socket: UnixSocket): PluginCalls {
  return {
    list: () => socket.json({ method: 'GET', path: '/plugins' }),
    usage: () => socket.json({ method: 'GET', path: '/plugins/usage' }),
    inspect: (name) => socket.json({ method: 'GET', path: pathOf('plugins', name) }),
    install: (request, { signal } = {}) =>
      socket.json({ method: 'POST', path: '/plugins', json: request, cancelOnDisconnect: true, signal }),
    remove: (name) => socket.json({ method: 'DELETE', path: pathOf('plugins', name) }),
  };
}
