import * as vscode from 'vscode';
import type { Grouping, Sorting } from '../containers/group-containers.ts';
import type { Command, CommandContext } from './command-context.ts';

const filterKey = 'jocker.filter';

export const currentFilter = (memory: vscode.Memento): string => memory.get<string>(filterKey, '');

/** How the views show what they show; kept per workspace. */
export function viewCommands(context: CommandContext): Readonly<Record<string, Command>> {
  const setFilter = async (filter: string): Promise<void> => {
    await context.memory.update(filterKey, filter);
    await vscode.commands.executeCommand('setContext', 'jocker.filtered', filter !== '');
    context.containersTree.refresh();
  };
  const choose = async <T extends string>(key: string, placeHolder: string, labels: Readonly<Record<T, string>>): Promise<void> => {
    const items = (Object.entries(labels) as [T, string][]).map(([value, label]) => ({ label, value }));
    const picked = await vscode.window.showQuickPick(items, { placeHolder });
    if (picked !== undefined)
      await vscode.workspace.getConfiguration('jocker').update(key, picked.value, vscode.workspace.workspaceFolders === undefined);
  };
  return {
    'containers.groupBy': async () =>
      await choose<Grouping>('groupBy', vscode.l10n.t('Group containers by'), {
        workspace: vscode.l10n.t('This workspace'),
        compose: vscode.l10n.t('Compose project'),
        image: vscode.l10n.t('Image'),
        label: vscode.l10n.t('Label'),
        state: vscode.l10n.t('State'),
        none: vscode.l10n.t('Nothing'),
      }),
    'containers.sortBy': async () =>
      await choose<Sorting>('sortBy', vscode.l10n.t('Sort containers by'), {
        name: vscode.l10n.t('Name'),
        created: vscode.l10n.t('Age, newest first'),
        state: vscode.l10n.t('State'),
      }),
    'containers.filter': async () => {
      const filter = await vscode.window.showInputBox({
        prompt: vscode.l10n.t('Show containers with these words in name, image, id or labels'),
        value: currentFilter(context.memory),
      });
      if (filter !== undefined) await setFilter(filter.trim());
    },
    'containers.clearFilter': async () => await setFilter(''),
    'containers.toggleStats': async () => {
      const configuration = vscode.workspace.getConfiguration('jocker');
      await configuration.update('showStats', !(configuration.get<boolean>('showStats') ?? false), vscode.ConfigurationTarget.Global);
    },
  };
}
