import type { ContainerView, OperationView } from '@jocker/protocol';
import * as vscode from 'vscode';
import type { EngineConnection } from '../connection/engine-connection.ts';
import { formatMs } from '../failure/failure-markdown.ts';
import { containerFileUri } from '../files/container-file-uri.ts';
import type { ContainerNode, ContainerRow, FileNode, SectionNode } from './container-node.ts';
import {
  containerContext,
  containerDescription,
  containerIcon,
  containerTooltip,
  hasFailed,
  mountText,
  shortId,
} from './container-text.ts';

/** What rows show beyond the model. */
export interface TreeItemContext {
  /** `12.3 % · 40 MiB`, while the figures are shown. */
  readonly figures: (connection: EngineConnection, containerId: string) => string | undefined;
  /** The verb that is under way for this object, if one is. */
  readonly busy: (id: string) => string | undefined;
  readonly operationsOf: (connection: EngineConnection, containerId: string) => readonly OperationView[];
  readonly containerOf: (connection: EngineConnection, operationId: string) => string | undefined;
  readonly resolve: (item: vscode.TreeItem, node: ContainerNode) => vscode.TreeItem;
}

const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;

export function containerTreeItem(node: ContainerNode, context: TreeItemContext): vscode.TreeItem {
  const item = makeItem(node, context);
  item.id = node.id;
  return item;
}

function makeItem(node: ContainerNode, context: TreeItemContext): vscode.TreeItem {
  switch (node.kind) {
    case 'endpoint': {
      const item = new vscode.TreeItem(node.connection.name, Expanded);
      const state = node.connection.state === 'connected' ? node.connection.socketPath : node.connection.problem;
      return Object.assign(item, {
        description: state,
        iconPath: new vscode.ThemeIcon(node.connection.state === 'connected' ? 'vm-connect' : 'debug-disconnect'),
        contextValue: `endpoint;${node.connection.state}`,
        accessibilityInformation: { label: vscode.l10n.t('Engine {0}, {1}', node.connection.name, state) },
      });
    }
    case 'group': {
      const label = groupLabel(node.groupKind, node.value);
      return Object.assign(new vscode.TreeItem(label, Expanded), {
        contextValue: `group;${node.groupKind}`,
        accessibilityInformation: { label: vscode.l10n.t('Group {0}', label) },
      });
    }
    case 'container':
      return containerItem(node, context);
    case 'section':
      return sectionItem(node);
    case 'exec': {
      const exec = node.connection.model.state.execs.get(node.execId);
      const command = exec?.command.join(' ') ?? shortId(node.execId);
      const state = exec?.status === 'exited' ? vscode.l10n.t('ended ({0})', exec.exitCode ?? '?') : (exec?.status ?? '');
      return Object.assign(new vscode.TreeItem(command, None), {
        description: exec?.user === undefined || exec.user === '' ? state : `${exec.user} · ${state}`,
        iconPath: new vscode.ThemeIcon('terminal'),
        contextValue: `exec;${exec?.status ?? 'exited'}`,
        accessibilityInformation: { label: vscode.l10n.t('Session {0}, {1}', command, state) },
        ...(exec?.status === 'running' ? { command: openCommand('jocker.exec.attach', vscode.l10n.t('Open Its Terminal'), node) } : {}),
      });
    }
    case 'mount': {
      const { label, description } = mountText(node.mount);
      return Object.assign(new vscode.TreeItem(label, None), {
        description,
        iconPath: new vscode.ThemeIcon('folder-library'),
        contextValue: 'mount',
        accessibilityInformation: { label: vscode.l10n.t('Mount {0}, {1}', label, description) },
      });
    }
    case 'operation': {
      const operation = node.connection.model.state.operations.get(node.operationId);
      return operation === undefined ? new vscode.TreeItem(node.operationId, None) : operationItem(operation);
    }
    case 'file':
      return fileItem(node);
    default: {
      const missed: never = node;
      return missed;
    }
  }
}

function containerItem(node: ContainerRow, context: TreeItemContext): vscode.TreeItem {
  const container = node.connection.model.state.containers.get(node.containerId);
  if (container === undefined) return new vscode.TreeItem(shortId(node.containerId), None);
  const busy = context.busy(container.id);
  const figures = container.status === 'running' ? context.figures(node.connection, container.id) : undefined;
  const description = [
    containerDescription(container),
    ...(figures === undefined ? [] : [figures]),
    ...(busy === undefined ? [] : [busy]),
  ].join(' · ');
  const { icon, color } = busy === undefined ? containerIcon(container) : { icon: 'loading~spin', color: 'foreground' };
  return Object.assign(new vscode.TreeItem(container.name, Collapsed), {
    description,
    iconPath: new vscode.ThemeIcon(icon, new vscode.ThemeColor(color)),
    contextValue: containerContext(container, hasFailed(container)),
    accessibilityInformation: { label: vscode.l10n.t('Container {0}, {1}', container.name, description), role: 'treeitem' },
  });
}

function sectionItem(node: SectionNode): vscode.TreeItem {
  const faces = {
    sessions: [vscode.l10n.t('Sessions'), 'terminal-view-icon', 'section'],
    mounts: [vscode.l10n.t('Mounts'), 'folder-library', 'section'],
    files: [vscode.l10n.t('Files'), 'folder', 'section;folder'],
    lifecycle: [vscode.l10n.t('Lifecycle'), 'history', 'section'],
  } as const;
  const [label, icon, contextValue] = faces[node.section];
  return Object.assign(new vscode.TreeItem(label, Collapsed), {
    iconPath: new vscode.ThemeIcon(icon),
    contextValue,
    accessibilityInformation: { label },
  });
}

function operationItem(operation: OperationView): vscode.TreeItem {
  const took = operation.finishedAt === null ? '' : formatMs(Date.parse(operation.finishedAt) - Date.parse(operation.startedAt));
  const state = {
    running: vscode.l10n.t('running'),
    succeeded: took,
    failed: vscode.l10n.t('failed'),
    cancelled: vscode.l10n.t('cancelled'),
  }[operation.state];
  const icon = { running: 'loading~spin', succeeded: 'pass', failed: 'error', cancelled: 'circle-slash' }[operation.state];
  return Object.assign(new vscode.TreeItem(operation.operation, None), {
    description: operation.error === null ? state : `${state}: ${operation.error.message}`,
    iconPath: new vscode.ThemeIcon(icon),
    contextValue: `operation;${operation.state}`,
    accessibilityInformation: { label: vscode.l10n.t('Operation {0}, {1}', operation.operation, state) },
  });
}

function fileItem(node: FileNode): vscode.TreeItem {
  const uri = containerFileUri(node.connection, node.containerId, node.path);
  const isFolder = node.fileType === 'directory';
  const item = new vscode.TreeItem(uri, isFolder ? Collapsed : None);
  return Object.assign(item, {
    label: node.path.slice(node.path.lastIndexOf('/') + 1),
    contextValue: isFolder ? 'folder;subfolder' : 'file',
    accessibilityInformation: { label: isFolder ? vscode.l10n.t('Folder {0}', node.path) : vscode.l10n.t('File {0}', node.path) },
    ...(isFolder ? {} : { command: { command: 'vscode.open', title: vscode.l10n.t('Open'), arguments: [uri] } }),
  });
}

const openCommand = (command: string, title: string, node: ContainerNode): vscode.Command => ({ command, title, arguments: [node] });

export function containerMarkdown(container: ContainerView): vscode.MarkdownString {
  return new vscode.MarkdownString(containerTooltip(container));
}

function groupLabel(kind: string, value: string): string {
  switch (kind) {
    case 'workspace':
      return vscode.l10n.t('This workspace');
    case 'elsewhere':
      return vscode.l10n.t('Elsewhere');
    case 'other':
      return vscode.l10n.t('Without the label');
    default:
      return value;
  }
}
