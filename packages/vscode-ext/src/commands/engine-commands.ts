import * as vscode from 'vscode';
import type { Endpoint } from '../connection/connections.ts';
import { setting, type Command, type CommandContext } from './command-context.ts';

/** The engines themselves: starting, choosing, and what to do when one does not answer. */
export function engineCommands(context: CommandContext): Readonly<Record<string, Command>> {
  const configuration = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration('jocker');
  return {
    'engine.start': async () => {
      const [program, ...args] = setting<readonly string[]>('startCommand');
      if (program === undefined) return;
      // The user's own terminal: what the engine says at its start is there to be read, and it may ask for a password.
      const terminal = vscode.window.createTerminal({ name: vscode.l10n.t('Start the engine'), shellPath: program, shellArgs: args });
      terminal.show(true);
      context.connections.connect();
    },
    'engine.reconnect': async () => {
      context.connections.connect();
      context.containersTree.refresh();
      context.imagesTree.refresh();
    },
    'engine.chooseSocket': async () => {
      const socket = await vscode.window.showInputBox({ prompt: vscode.l10n.t('Path of the socket'), value: setting<string>('socket') });
      if (socket !== undefined && socket !== '') await configuration().update('socket', socket, vscode.ConfigurationTarget.Global);
    },
    'engine.addEndpoint': async () => {
      const socket = await vscode.window.showInputBox({ prompt: vscode.l10n.t("Path of the other engine's socket") });
      if (socket === undefined || socket === '') return;
      const name = await vscode.window.showInputBox({
        prompt: vscode.l10n.t('What to call it'),
        value: socket.split('/').at(-1) ?? socket,
      });
      if (name === undefined) return;
      await configuration().update(
        'endpoints',
        [...setting<readonly Endpoint[]>('endpoints'), { name, socket }],
        vscode.ConfigurationTarget.Global,
      );
    },
    'engine.removeEndpoint': async () => {
      const endpoints = setting<readonly { readonly name: string; readonly socket: string }[]>('endpoints');
      const items = endpoints.map((endpoint) => ({ label: endpoint.name, description: endpoint.socket, endpoint }));
      const picked = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Which engine is no longer shown?') });
      if (picked !== undefined)
        await configuration().update(
          'endpoints',
          endpoints.filter((endpoint) => endpoint !== picked.endpoint),
          vscode.ConfigurationTarget.Global,
        );
    },
    'engine.fixPermission': async () => {
      const socket = context.connections.first?.socketPath ?? setting<string>('socket');
      const copy = vscode.l10n.t('Copy the Command');
      const command = `sudo chgrp "$(id -gn)" ${socket}`;
      const text = vscode.l10n.t(
        '{0} belongs to root. Whoever may open it is root on this machine; if that is meant, give it to your group: {1}',
        socket,
        command,
      );
      if ((await vscode.window.showInformationMessage(text, { modal: true }, copy)) === copy) await vscode.env.clipboard.writeText(command);
    },
    'engine.menu': async () => {
      const items = context.connections.all.map((connection) => ({
        label: `${connection.state === 'connected' ? '$(vm-connect)' : '$(debug-disconnect)'} ${connection.name}`,
        description: connection.socketPath,
        detail: connection.state === 'connected' ? vscode.l10n.t('version {0}', connection.handshake?.version ?? '') : connection.problem,
      }));
      await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Engines') });
    },
  };
}
