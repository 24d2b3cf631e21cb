import { createJockerClient } from '@jocker/client';
import * as vscode from 'vscode';
import { BusyRows } from './commands/busy-rows.ts';
import { setting, type Command, type CommandContext } from './commands/command-context.ts';
import { engineCommands } from './commands/engine-commands.ts';
import { fileCommands, UploadByDrop } from './commands/file-commands.ts';
import { imageCommands } from './commands/image-commands.ts';
import { lifecycleCommands } from './commands/lifecycle-commands.ts';
import { lookCommands } from './commands/look-commands.ts';
import { runCommands } from './commands/run-commands.ts';
import { currentFilter, viewCommands } from './commands/view-commands.ts';
import { Connections, type Endpoint } from './connection/connections.ts';
import { containerMarkdown } from './containers/container-tree-item.ts';
import { ContainersTree } from './containers/containers-tree.ts';
import type { Grouping, Sorting } from './containers/group-containers.ts';
import { containerOf, operationsOf } from './containers/operations-of.ts';
import { EngineDocuments } from './documents/engine-documents.ts';
import { containerFileScheme } from './files/container-file-uri.ts';
import { ContainerFileSystem } from './files/container-file-system.ts';
import { ImagesTree } from './images/images-tree.ts';
import { createStatusBar } from './status/status-bar.ts';
import { LiveStats } from './status/live-stats.ts';
import { registerTerminalProfile } from './terminals/terminal-profile.ts';
import { Terminals } from './terminals/terminals.ts';

/** Puts the parts together. Nothing connects before a view is seen or a command runs. */
export function activate(extension: vscode.ExtensionContext): void {
  const memory = extension.workspaceState;
  const connections = new Connections((socketPath) => createJockerClient({ socketPath, client: 'vscode' }));
  connections.setEndpoints(endpoints());
  const busy = new BusyRows();

  const containersTree = new ContainersTree({
    connections,
    options: () => ({
      grouping: setting<Grouping>('groupBy'),
      label: setting<string>('groupLabel'),
      sorting: setting<Sorting>('sortBy'),
      filter: currentFilter(memory),
      workspaceFolders: (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath),
    }),
    context: {
      figures: (_connection, id) => stats.text(id),
      busy: (id) => busy.of(id),
      operationsOf,
      containerOf: (connection, operationId) => {
        const operation = connection.model.state.operations.get(operationId);
        return operation === undefined ? undefined : containerOf(connection, operation);
      },
      resolve: (item, node) => {
        const container = node.kind === 'container' ? node.connection.model.state.containers.get(node.containerId) : undefined;
        if (container !== undefined) item.tooltip = containerMarkdown(container);
        return item;
      },
    },
  });
  const imagesTree = new ImagesTree(connections, () => memory.get<boolean>('jocker.showDangling', false));
  const containersView = vscode.window.createTreeView('jocker.containers', {
    treeDataProvider: containersTree,
    canSelectMany: true,
    showCollapseAll: true,
    dragAndDropController: new UploadByDrop(() => containersTree.refresh()),
  });
  const imagesView = vscode.window.createTreeView('jocker.images', { treeDataProvider: imagesTree, canSelectMany: true });
  const documents = new EngineDocuments(connections);
  const terminals = new Terminals(memory);
  const context: CommandContext = {
    connections,
    containersTree,
    containersView,
    imagesTree,
    imagesView,
    documents,
    terminals,
    busy,
    memory,
  };
  const stats = new LiveStats(connections, (connection, id) => containersTree.repaint(connection, [id]));

  const showStats = (): void => stats.show(setting<boolean>('showStats') && containersView.visible);
  const connectWhenSeen = (): void => {
    if (containersView.visible || imagesView.visible) connections.connect();
    showStats();
  };
  extension.subscriptions.push(
    containersTree,
    imagesTree,
    containersView,
    imagesView,
    documents,
    createStatusBar(connections),
    containersView.onDidChangeVisibility(connectWhenSeen),
    imagesView.onDidChangeVisibility(connectWhenSeen),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('jocker.socket') || event.affectsConfiguration('jocker.endpoints'))
        connections.setEndpoints(endpoints());
      if (event.affectsConfiguration('jocker')) containersTree.refresh();
      showStats();
    }),
    vscode.workspace.registerFileSystemProvider(containerFileScheme, new ContainerFileSystem(connections), { isCaseSensitive: true }),
    registerTerminalProfile(context),
    vscode.window.onDidCloseTerminal((terminal) => void terminals.closed(terminal)),
    ...registerCommands(context),
    disposing(stats),
    disposing(connections),
    disposing(busy.onChange((id) => connections.all.forEach((connection) => containersTree.repaint(connection, [id])))),
    disposing(connections.onStateChange(() => void stateChanged(context))),
    disposing(connections.onModelChange(() => void tellState(connections))),
  );
  void tellState(connections);
  connectWhenSeen();
  // Sessions of the last window are looked for even if no view is open.
  if (terminals.remembers()) connections.connect();
}

function endpoints(): readonly Endpoint[] {
  const further = setting<readonly { readonly name: string; readonly socket: string }[]>('endpoints');
  return [
    { name: vscode.l10n.t('Local'), socketPath: setting<string>('socket') },
    ...further.map(({ name, socket }) => ({ name, socketPath: socket })),
  ];
}

function registerCommands(context: CommandContext): vscode.Disposable[] {
  const commands: Readonly<Record<string, Command>> = {
    ...lifecycleCommands(context),
    ...lookCommands(context),
    ...runCommands(context),
    ...imageCommands(context),
    ...fileCommands(context),
    ...viewCommands(context),
    ...engineCommands(context),
  };
  return Object.entries(commands).map(([name, command]) => vscode.commands.registerCommand(`jocker.${name}`, command));
}

async function stateChanged(context: CommandContext): Promise<void> {
  await tellState(context.connections);
  context.containersTree.refresh();
  context.imagesTree.refresh();
  for (const connection of context.connections.all) if (connection.state === 'connected') await context.terminals.restore(connection);
}

let toldState = '';

/** Which welcome the empty view shows. */
async function tellState(connections: Connections): Promise<void> {
  const { first } = connections;
  const connected = connections.all.filter(({ state }) => state === 'connected');
  const isEmpty = connected.every(({ model }) => model.state.containers.size === 0);
  const state = connected.length > 0 ? (isEmpty ? 'empty' : 'connected') : (first?.state ?? 'no-engine');
  if (state === toldState) return;
  toldState = state;
  await vscode.commands.executeCommand('setContext', 'jocker.state', state);
  await vscode.commands.executeCommand('setContext', 'jocker.connected', connected.length > 0);
}

const disposing = (disposable: Disposable): vscode.Disposable => new vscode.Disposable(() => disposable[Symbol.dispose]());
