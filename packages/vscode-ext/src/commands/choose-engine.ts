import * as vscode from 'vscode';
import type { EngineConnection } from '../connection/engine-connection.ts';
import type { CommandContext } from './command-context.ts';

/** The only connected engine, or the one that the user picks. */
export async function chooseEngine(context: CommandContext): Promise<EngineConnection | undefined> {
  context.connections.connect();
  const connected = context.connections.all.filter(({ state }) => state === 'connected');
  if (connected.length < 2) {
    if (connected[0] === undefined)
      await vscode.window.showErrorMessage(
        vscode.l10n.t('No engine is connected: {0}', context.connections.first?.problem ?? vscode.l10n.t('none is set up')),
      );
    return connected[0];
  }
  const items = connected.map((connection) => ({ label: connection.name, description: connection.socketPath, connection }));
  return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('On which engine?') }))?.connection;
}
