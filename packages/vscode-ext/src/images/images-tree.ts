import type { ImageView, LayerProgress, OperationView } from '@jocker/protocol';
import * as vscode from 'vscode';
import type { Connections } from '../connection/connections.ts';
import { endpointId } from '../containers/container-node.ts';
import { shortId } from '../containers/container-text.ts';
import type { EngineConnection } from '../connection/engine-connection.ts';
import { pullSummary } from './pull-summary.ts';

/** A row of the Images view: an image, or a pull that is under way (whoever started it, in whatever window). */
export type ImageNode =
  | { readonly kind: 'endpoint'; readonly id: string; readonly connection: EngineConnection }
  | { readonly kind: 'image'; readonly id: string; readonly connection: EngineConnection; readonly imageId: string }
  | { readonly kind: 'operation'; readonly id: string; readonly connection: EngineConnection; readonly operationId: string }
  | {
      readonly kind: 'layer';
      readonly id: string;
      readonly connection: EngineConnection;
      readonly operationId: string;
      readonly digest: string;
    };

export class ImagesTree implements vscode.TreeDataProvider<ImageNode>, vscode.Disposable {
  readonly #connections: Connections;
  readonly #showDangling: () => boolean;
  readonly #changed = new vscode.EventEmitter<ImageNode[] | undefined>();
  readonly onDidChangeTreeData: vscode.Event<ImageNode[] | undefined> = this.#changed.event;
  readonly #nodes = new Map<string, ImageNode>();
  readonly #subscription: Disposable;

  constructor(connections: Connections, showDangling: () => boolean) {
    this.#connections = connections;
    this.#showDangling = showDangling;
    this.#subscription = connections.onModelChange((connection, changes) => {
      if (changes === 'everything') return this.refresh();
      // A pull's progress repaints its own row; anything else about images or operations may add or remove one.
      const dirty = changes.map((change) =>
        change.kind === 'operation' && change.change === 'changed' && isRunning(connection, change.id)
          ? this.#nodes.get(`${endpointId(connection)}/operation:${change.id}`)
          : change.kind === 'image' || (change.kind === 'operation' && isPull(connection.model.state.operations.get(change.id)))
            ? 'list'
            : undefined,
      );
      if (dirty.includes('list')) this.refresh();
      else {
        const rows = dirty.filter((node) => typeof node === 'object');
        if (rows.length > 0) this.#changed.fire(rows);
      }
    });
  }

  dispose(): void {
    this.#subscription[Symbol.dispose]();
    this.#changed.dispose();
  }

  refresh(): void {
    this.#changed.fire(undefined);
  }

  getParent(node: ImageNode): ImageNode | undefined {
    if (node.kind === 'layer') return this.#nodes.get(`${endpointId(node.connection)}/operation:${node.operationId}`);
    return node.kind !== 'endpoint' && this.#connections.all.length > 1 ? this.#endpoint(node.connection) : undefined;
  }

  getChildren(node?: ImageNode): ImageNode[] {
    if (node === undefined) {
      if (this.#connections.all.length > 1) return this.#connections.all.map((connection) => this.#endpoint(connection));
      return this.#connections.all.flatMap((connection) => this.#rows(connection));
    }
    if (node.kind === 'endpoint') return this.#rows(node.connection);
    if (node.kind !== 'operation') return [];
    const progress = node.connection.model.state.operations.get(node.operationId)?.progress ?? [];
    return progress.map((layer) =>
      this.#keep({
        kind: 'layer',
        id: `${node.id}/${layer.digest}`,
        connection: node.connection,
        operationId: node.operationId,
        digest: layer.digest,
      }),
    );
  }

  getTreeItem(node: ImageNode): vscode.TreeItem {
    const item = imageTreeItem(node);
    item.id = node.id;
    return item;
  }

  #endpoint(connection: EngineConnection): ImageNode {
    return this.#keep({ kind: 'endpoint', id: endpointId(connection), connection });
  }

  #rows(connection: EngineConnection): ImageNode[] {
    const { state } = connection.model;
    const pulls = [...state.operations.values()].filter((operation) => isPull(operation) && operation.state === 'running');
    const images = [...state.images.values()]
      .filter((image) => image.references.length > 0 || this.#showDangling())
      .toSorted((a, b) => (imageLabel(a) < imageLabel(b) ? -1 : 1));
    return [
      ...pulls.map(({ id }) =>
        this.#keep({ kind: 'operation', id: `${endpointId(connection)}/operation:${id}`, connection, operationId: id }),
      ),
      ...images.map(({ id }) => this.#keep({ kind: 'image', id: `${endpointId(connection)}/image:${id}`, connection, imageId: id })),
    ];
  }

  #keep(node: ImageNode): ImageNode {
    const known = this.#nodes.get(node.id);
    if (known !== undefined) return known;
    this.#nodes.set(node.id, node);
    return node;
  }
}

const isPull = (operation: OperationView | undefined): boolean => operation?.operation === 'image.pull';
const isRunning = (connection: EngineConnection, operationId: string): boolean =>
  connection.model.state.operations.get(operationId)?.state === 'running';
const imageLabel = (image: ImageView): string => image.references[0] ?? `<none> ${shortId(image.id)}`;

function imageTreeItem(node: ImageNode): vscode.TreeItem {
  const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const { state } = node.connection.model;
  switch (node.kind) {
    case 'endpoint':
      return Object.assign(new vscode.TreeItem(node.connection.name, Expanded), {
        contextValue: 'endpoint',
        accessibilityInformation: { label: vscode.l10n.t('Engine {0}, {1}', node.connection.name, node.connection.state) },
      });
    case 'image': {
      const image = state.images.get(node.imageId);
      if (image === undefined) return new vscode.TreeItem(shortId(node.imageId), None);
      const users = [...state.containers.values()].filter(({ imageId }) => imageId === image.id).length;
      const description = [
        formatBytes(image.sizeBytes),
        ...image.references.slice(1),
        ...(users > 0 ? [vscode.l10n.t('in use')] : []),
      ].join(' · ');
      return Object.assign(new vscode.TreeItem(imageLabel(image), None), {
        description,
        iconPath: new vscode.ThemeIcon('layers'),
        contextValue: ['image', image.references.length > 0 ? 'tagged' : 'dangling', ...(users > 0 ? ['used'] : [])].join(';'),
        tooltip: new vscode.MarkdownString(
          [`**${imageLabel(image)}**`, '', `\`${image.id}\``, '', ...image.repoDigests.map((digest) => `\`${digest}\``)].join('\n'),
        ),
        accessibilityInformation: { label: vscode.l10n.t('Image {0}, {1}', imageLabel(image), description) },
      });
    }
    case 'operation': {
      const operation = state.operations.get(node.operationId);
      const description = operation === undefined ? '' : pullSummary(operation.progress);
      return Object.assign(new vscode.TreeItem(operation?.subject ?? '', Collapsed), {
        description,
        iconPath: new vscode.ThemeIcon('loading~spin'),
        contextValue: `operation;${operation?.state ?? 'succeeded'}`,
        accessibilityInformation: { label: vscode.l10n.t('Pulling {0}, {1}', operation?.subject ?? '', description) },
      });
    }
    case 'layer': {
      const layer = state.operations.get(node.operationId)?.progress.find(({ digest }) => digest === node.digest);
      const description = layer === undefined ? '' : layerText(layer);
      return Object.assign(new vscode.TreeItem(shortId(node.digest), None), {
        description,
        iconPath: new vscode.ThemeIcon('archive'),
        contextValue: 'layer',
        accessibilityInformation: { label: vscode.l10n.t('Layer {0}, {1}', shortId(node.digest), description) },
      });
    }
    default: {
      const missed: never = node;
      return missed;
    }
  }
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

function layerText(layer: LayerProgress): string {
  return layer.state === 'downloading' || layer.state === 'unpacking'
    ? `${layer.state} ${formatBytes(layer.bytesDone)} / ${formatBytes(layer.bytesTotal)}`
    : layer.state;
}
