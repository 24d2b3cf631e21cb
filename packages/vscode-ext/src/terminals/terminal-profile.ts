import * as vscode from 'vscode';
import { chooseContainer } from '../commands/choose-container.ts';
import type { CommandContext } from '../commands/command-context.ts';

/** "Jocker: Container Terminal" in the New Terminal menu. */
export function registerTerminalProfile(context: CommandContext): vscode.Disposable {
  return vscode.window.registerTerminalProfileProvider('jocker.exec', {
    async provideTerminalProfile() {
      context.connections.connect();
      const target = await chooseContainer(context, undefined, ({ status }) => status === 'running');
      if (target === undefined) return undefined;
      const { options } = await context.terminals.execOptions(target.connection, target.container);
      return new vscode.TerminalProfile(options);
    },
  });
}
