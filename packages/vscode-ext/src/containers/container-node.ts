import type { FileStat, MountView } from '@jocker/protocol';
import type { EngineConnection } from '../connection/engine-connection.ts';
import type { ContainerGroup } from './group-containers.ts';

/**
 * A row of the tree. `id` is endpoint, kind and full object id, and never a state: VS Code keeps selection and expansion by
 * it. There is one object per id (`NodeStore`), because VS Code compares elements by identity.
 */
export type ContainerNode = EndpointNode | GroupNode | ContainerRow | SectionNode | ExecNode | MountNode | FileNode | OperationNode;

interface NodeBase {
  readonly id: string;
  readonly connection: EngineConnection;
}
export interface EndpointNode extends NodeBase {
  readonly kind: 'endpoint';
}
export interface GroupNode extends NodeBase {
  readonly kind: 'group';
  readonly groupId: string;
  readonly groupKind: ContainerGroup['kind'];
  readonly value: string;
}
export interface ContainerRow extends NodeBase {
  readonly kind: 'container';
  readonly containerId: string;
}
export interface SectionNode extends NodeBase {
  readonly kind: 'section';
  readonly containerId: string;
  readonly section: 'sessions' | 'mounts' | 'files' | 'lifecycle';
}
export interface ExecNode extends NodeBase {
  readonly kind: 'exec';
  readonly containerId: string;
  readonly execId: string;
}
export interface MountNode extends NodeBase {
  readonly kind: 'mount';
  readonly containerId: string;
  readonly mount: MountView;
}
export interface FileNode extends NodeBase {
  readonly kind: 'file';
  readonly containerId: string;
  readonly path: string;
  readonly fileType: FileStat['type'];
}
export interface OperationNode extends NodeBase {
  readonly kind: 'operation';
  readonly containerId: string;
  readonly operationId: string;
}

/** Nodes by id: asking twice gives the same object, with its newest content. */
export class NodeStore {
  readonly #nodes = new Map<string, ContainerNode>();

  get(id: string): ContainerNode | undefined {
    return this.#nodes.get(id);
  }

  keep<N extends ContainerNode>(node: N): N {
    const known = this.#nodes.get(node.id);
    if (known?.kind === node.kind) return Object.assign(known, node) as N;
    this.#nodes.set(node.id, node);
    return node;
  }

  forget(prefix: string): void {
    for (const id of this.#nodes.keys()) if (id.startsWith(prefix)) this.#nodes.delete(id);
  }
}

export const endpointId = (connection: EngineConnection): string => `endpoint:${connection.socketPath}`;
export const containerNodeId = (connection: EngineConnection, containerId: string): string =>
  `${endpointId(connection)}/container:${containerId}`;
