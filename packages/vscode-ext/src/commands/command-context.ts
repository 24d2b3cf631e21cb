import * as vscode from 'vscode';
import type { Connections } from '../connection/connections.ts';
import type { ContainerNode } from '../containers/container-node.ts';
import type { ContainersTree } from '../containers/containers-tree.ts';
import type { EngineDocuments } from '../documents/engine-documents.ts';
import type { ImageNode, ImagesTree } from '../images/images-tree.ts';
import type { Terminals } from '../terminals/terminals.ts';
import type { BusyRows } from './busy-rows.ts';

/** What commands work with; made once at activation. */
export interface CommandContext {
  readonly connections: Connections;
  readonly containersTree: ContainersTree;
  readonly containersView: vscode.TreeView<ContainerNode>;
  readonly imagesTree: ImagesTree;
  readonly imagesView: vscode.TreeView<ImageNode>;
  readonly documents: EngineDocuments;
  readonly terminals: Terminals;
  readonly busy: BusyRows;
  readonly memory: vscode.Memento;
}

/** A command's implementation: the clicked element and the whole selection, as VS Code passes them; both may be absent. */
export type Command = (node?: unknown, selection?: unknown) => Promise<void>;

export const setting = <T>(name: string): T => vscode.workspace.getConfiguration('jocker').get<T>(name) as T;

/** Asked before something is destroyed. */
export async function confirm(question: string, action: string, detail?: string): Promise<boolean> {
  if (!setting<boolean>('confirmRemove')) return true;
  return (
    (await vscode.window.showWarningMessage(question, { modal: true, ...(detail === undefined ? {} : { detail }) }, action)) === action
  );
}
