import * as vscode from 'vscode';
import type { Connections } from '../connection/connections.ts';
import type { EngineConnection } from '../connection/engine-connection.ts';
import type { StateChange } from '../engine-model/engine-state.ts';
import {
  containerNodeId,
  endpointId,
  NodeStore,
  type ContainerNode,
  type ContainerRow,
  type GroupNode,
  type SectionNode,
} from './container-node.ts';
import { containerTreeItem, type TreeItemContext } from './container-tree-item.ts';
import { groupContainers, type ContainerGroup, type ContainerTreeOptions } from './group-containers.ts';

export interface ContainersTreeOptions {
  readonly connections: Connections;
  readonly options: () => ContainerTreeOptions;
  readonly context: TreeItemContext;
}

/** The Containers view. It renders the models and asks the engine only for the files of an open folder. */
export class ContainersTree implements vscode.TreeDataProvider<ContainerNode>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<ContainerNode[] | undefined>();
  readonly onDidChangeTreeData: vscode.Event<ContainerNode[] | undefined> = this.#changed.event;
  readonly #nodes = new NodeStore();
  readonly #connections: Connections;
  readonly #options: () => ContainerTreeOptions;
  readonly #context: TreeItemContext;
  /** What is on the screen: group ids and member ids in order, per endpoint. */
  readonly #shown = new Map<EngineConnection, readonly ContainerGroup[]>();
  readonly #subscription: Disposable;

  constructor({ connections, options, context }: ContainersTreeOptions) {
    this.#connections = connections;
    this.#options = options;
    this.#context = context;
    this.#subscription = connections.onModelChange((connection, changes) => this.#modelChanged(connection, changes));
  }

  dispose(): void {
    this.#subscription[Symbol.dispose]();
    this.#changed.dispose();
  }

  refresh(): void {
    this.#shown.clear();
    this.#changed.fire(undefined);
  }

  /** Repaints running containers (their figures changed). */
  repaint(connection: EngineConnection, containerIds: Iterable<string>): void {
    const rows = [...containerIds].map((id) => this.#nodes.get(containerNodeId(connection, id))).filter((node) => node !== undefined);
    if (rows.length > 0) this.#changed.fire(rows);
  }

  row(connection: EngineConnection, containerId: string): ContainerRow {
    return this.#nodes.keep({ kind: 'container', id: containerNodeId(connection, containerId), connection, containerId });
  }

  getTreeItem(node: ContainerNode): vscode.TreeItem {
    return containerTreeItem(node, this.#context);
  }

  resolveTreeItem(item: vscode.TreeItem, node: ContainerNode): vscode.TreeItem {
    return this.#context.resolve(item, node);
  }

  getParent(node: ContainerNode): ContainerNode | undefined {
    switch (node.kind) {
      case 'endpoint':
        return undefined;
      case 'group':
        return this.#several() ? this.#endpoint(node.connection) : undefined;
      case 'container':
        return this.#groupNodeOf(node);
      case 'section':
        return this.row(node.connection, node.containerId);
      case 'exec':
        return this.#section(node, 'sessions');
      case 'mount':
        return this.#section(node, 'mounts');
      case 'operation':
        return this.#section(node, 'lifecycle');
      case 'file': {
        const folder = node.path.slice(0, node.path.lastIndexOf('/'));
        return folder === ''
          ? this.#section(node, 'files')
          : this.#nodes.get(`${containerNodeId(node.connection, node.containerId)}/file:${folder}`);
      }
      default: {
        const missed: never = node;
        return missed;
      }
    }
  }

  async getChildren(node?: ContainerNode): Promise<ContainerNode[]> {
    if (node === undefined) {
      const connected = this.#connections.all.filter((connection) => connection.state === 'connected');
      if (this.#several()) return this.#connections.all.map((connection) => this.#endpoint(connection));
      return connected.flatMap((connection) => this.#groups(connection));
    }
    switch (node.kind) {
      case 'endpoint':
        return this.#groups(node.connection);
      case 'group':
        return (this.#groupOf(node)?.containers ?? []).map((container) => this.row(node.connection, container.id));
      case 'container':
        return this.#sections(node);
      case 'section':
        return this.#members(node);
      case 'file':
        return await this.#files(node, node.path);
      case 'exec':
      case 'mount':
      case 'operation':
        return [];
      default: {
        const missed: never = node;
        return missed;
      }
    }
  }

  #several(): boolean {
    return this.#connections.all.length > 1;
  }

  #endpoint(connection: EngineConnection): ContainerNode {
    return this.#nodes.keep({ kind: 'endpoint', id: endpointId(connection), connection });
  }

  /** Without grouping the containers stand at the top. */
  #groups(connection: EngineConnection): ContainerNode[] {
    const groups = groupContainers(connection.model.state.containers.values(), this.#options());
    this.#shown.set(connection, groups);
    if (groups.length === 1 && groups[0]?.kind === 'all')
      return groups[0].containers.map((container) => this.row(connection, container.id));
    return groups.map((group) => this.#groupNode(connection, group));
  }

  #groupNode(connection: EngineConnection, group: ContainerGroup): GroupNode {
    return this.#nodes.keep({
      kind: 'group',
      id: `${endpointId(connection)}/group:${group.id}`,
      connection,
      groupId: group.id,
      groupKind: group.kind,
      value: group.value,
    });
  }

  #groupOf(node: GroupNode): ContainerGroup | undefined {
    return this.#shown.get(node.connection)?.find((group) => group.id === node.groupId);
  }

  #groupNodeOf(node: ContainerRow): ContainerNode | undefined {
    const group = this.#shown.get(node.connection)?.find(({ containers }) => containers.some(({ id }) => id === node.containerId));
    if (group === undefined || group.kind === 'all') return this.#several() ? this.#endpoint(node.connection) : undefined;
    return this.#groupNode(node.connection, group);
  }

  #section(node: { readonly connection: EngineConnection; readonly containerId: string }, section: SectionNode['section']): SectionNode {
    const { connection, containerId } = node;
    return this.#nodes.keep({
      kind: 'section',
      id: `${containerNodeId(connection, containerId)}/${section}`,
      connection,
      containerId,
      section,
    });
  }

  #sections(node: ContainerRow): ContainerNode[] {
    const container = node.connection.model.state.containers.get(node.containerId);
    if (container === undefined) return [];
    const sections: SectionNode['section'][] = [
      'sessions',
      ...(container.mounts.length > 0 ? (['mounts'] as const) : []),
      'files',
      'lifecycle',
    ];
    return sections.map((section) => this.#section(node, section));
  }

  async #members(node: SectionNode): Promise<ContainerNode[]> {
    const { connection, containerId } = node;
    const { state } = connection.model;
    const prefix = containerNodeId(connection, containerId);
    switch (node.section) {
      case 'sessions':
        return [...state.execs.values()]
          .filter((exec) => exec.containerId === containerId)
          .map((exec) => this.#nodes.keep({ kind: 'exec', id: `${prefix}/exec:${exec.id}`, connection, containerId, execId: exec.id }));
      case 'mounts':
        return (state.containers.get(containerId)?.mounts ?? []).map((mount) =>
          this.#nodes.keep({ kind: 'mount', id: `${prefix}/mount:${mount.target}`, connection, containerId, mount }),
        );
      case 'lifecycle':
        return this.#context.operationsOf(connection, containerId).map((operation) =>
          this.#nodes.keep({
            kind: 'operation',
            id: `${prefix}/operation:${operation.id}`,
            connection,
            containerId,
            operationId: operation.id,
          }),
        );
      case 'files':
        return await this.#files(node, '');
      default: {
        const missed: never = node.section;
        return missed;
      }
    }
  }

  async #files(node: { readonly connection: EngineConnection; readonly containerId: string }, folder: string): Promise<ContainerNode[]> {
    const { connection, containerId } = node;
    const entries = await connection.client.containers.files.list(containerId, folder === '' ? '/' : folder);
    const order = (type: string): number => (type === 'directory' ? 0 : 1);
    return [...entries]
      .toSorted((a, b) => order(a.type) - order(b.type) || (a.name < b.name ? -1 : 1))
      .map((entry) => {
        const path = `${folder}/${entry.name}`;
        return this.#nodes.keep({
          kind: 'file',
          id: `${containerNodeId(connection, containerId)}/file:${path}`,
          connection,
          containerId,
          path,
          fileType: entry.type,
        });
      });
  }

  #modelChanged(connection: EngineConnection, changes: readonly StateChange[] | 'everything'): void {
    const before = this.#shown.get(connection);
    if (changes === 'everything' || before === undefined) return this.refresh();
    const after = groupContainers(connection.model.state.containers.values(), this.#options());
    this.#shown.set(connection, after);
    if (shape(before, false) !== shape(after, false) || (after[0]?.kind === 'all' && shape(before, true) !== shape(after, true))) {
      this.#changed.fire(this.#several() ? [this.#endpoint(connection)] : undefined);
      return;
    }
    const dirty = new Set<ContainerNode>();
    after.forEach((group, index) => {
      const old = before[index];
      if (old !== undefined && memberIds(old) !== memberIds(group)) dirty.add(this.#groupNode(connection, group));
    });
    for (const change of changes) for (const node of this.#nodesOf(connection, change)) dirty.add(node);
    if (dirty.size > 0) this.#changed.fire([...dirty]);
  }

  #nodesOf(connection: EngineConnection, change: StateChange): readonly ContainerNode[] {
    const { state } = connection.model;
    switch (change.kind) {
      case 'container':
        if (change.change === 'removed') this.#nodes.forget(containerNodeId(connection, change.id));
        return change.change === 'changed' ? [this.row(connection, change.id)] : [];
      case 'exec': {
        const exec = state.execs.get(change.id);
        return exec === undefined ? [] : [this.#section({ connection, containerId: exec.containerId }, 'sessions')];
      }
      case 'operation': {
        const subject = this.#context.containerOf(connection, change.id);
        return subject === undefined ? [] : [this.#section({ connection, containerId: subject }, 'lifecycle')];
      }
      case 'image':
        return [];
      default: {
        const missed: never = change.kind;
        return missed;
      }
    }
  }
}

const memberIds = (group: ContainerGroup): string => group.containers.map(({ id }) => id).join();
const shape = (groups: readonly ContainerGroup[], members: boolean): string =>
  groups.map((group) => (members ? memberIds(group) : group.id)).join('\n');
