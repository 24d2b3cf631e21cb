import type { ContainerView } from '@jocker/protocol';
import * as vscode from 'vscode';
import type { EngineConnection } from '../connection/engine-connection.ts';
import type { ContainerNode } from '../containers/container-node.ts';
import { containerDescription } from '../containers/container-text.ts';
import type { CommandContext } from './command-context.ts';

export interface ContainerTarget {
  readonly connection: EngineConnection;
  readonly container: ContainerView;
}

/** What a command is about: the clicked rows, else the selected ones, else what the user picks from a list. */
export async function chooseContainers(
  context: CommandContext,
  node: unknown,
  selection: unknown,
  suits: (container: ContainerView) => boolean = () => true,
): Promise<readonly ContainerTarget[]> {
  const clicked =
    Array.isArray(selection) && selection.length > 0 ? (selection as ContainerNode[]) : node === undefined ? [] : [node as ContainerNode];
  const chosen = targetsOf(clicked.length > 0 ? clicked : context.containersView.selection).filter(({ container }) => suits(container));
  if (chosen.length > 0 || clicked.length > 0) return chosen;
  const picked = await pickContainer(context, suits);
  return picked === undefined ? [] : [picked];
}

export async function chooseContainer(
  context: CommandContext,
  node: unknown,
  suits?: (container: ContainerView) => boolean,
): Promise<ContainerTarget | undefined> {
  return (await chooseContainers(context, node, undefined, suits))[0];
}

function targetsOf(nodes: readonly ContainerNode[]): readonly ContainerTarget[] {
  const targets = new Map<string, ContainerTarget>();
  for (const node of nodes) {
    if (!('containerId' in node)) continue;
    const container = node.connection.model.state.containers.get(node.containerId);
    if (container !== undefined) targets.set(`${node.connection.socketPath} ${container.id}`, { connection: node.connection, container });
  }
  return [...targets.values()];
}

async function pickContainer(context: CommandContext, suits: (container: ContainerView) => boolean): Promise<ContainerTarget | undefined> {
  const items = context.connections.all.flatMap((connection) =>
    [...connection.model.state.containers.values()]
      .filter(suits)
      .map((container) => ({ label: container.name, description: containerDescription(container), target: { connection, container } })),
  );
  if (items.length === 0) {
    await vscode.window.showInformationMessage(vscode.l10n.t('There is no container for this.'));
    return undefined;
  }
  return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Which container?') }))?.target;
}
