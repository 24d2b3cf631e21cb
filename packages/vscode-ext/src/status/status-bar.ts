import * as vscode from 'vscode';
import type { Connections } from '../connection/connections.ts';

/** How many containers run, or that the engine does not answer. Shown once something has asked for a connection. */
export function createStatusBar(connections: Connections): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('jocker.status', vscode.StatusBarAlignment.Left, 0);
  item.name = 'Jocker';
  item.command = 'jocker.engine.menu';
  const update = (): void => {
    const connected = connections.all.filter(({ state }) => state === 'connected');
    const containers = connected.flatMap(({ model }) => [...model.state.containers.values()]);
    const running = containers.filter(({ status }) => status === 'running').length;
    item.text = connected.length === 0 ? '$(package) –' : `$(package) ${running}`;
    item.tooltip =
      connected.length === 0
        ? vscode.l10n.t('Jocker: {0}', connections.first?.problem || vscode.l10n.t('connecting'))
        : vscode.l10n.t('Jocker: {0} of {1} containers run', running, containers.length);
    item.accessibilityInformation = { label: typeof item.tooltip === 'string' ? item.tooltip : 'Jocker' };
    item.show();
  };
  const listeners = [connections.onModelChange(update), connections.onStateChange(update)];
  return vscode.Disposable.from(item, { dispose: () => listeners.forEach((listener) => listener[Symbol.dispose]()) });
}
