import type { FileStat } from '@jocker/protocol';
import * as vscode from 'vscode';
import type { Connections } from '../connection/connections.ts';
import type { EngineConnection } from '../connection/engine-connection.ts';
import { parseContainerFileUri } from './container-file-uri.ts';

/** The files of any container, running or stopped, as VS Code edits them. Paths are resolved inside the container by the engine. */
export class ContainerFileSystem implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #connections: Connections;
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile: vscode.Event<vscode.FileChangeEvent[]> = this.#changed.event;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  dispose(): void {
    this.#changed.dispose();
  }

  /** A container has no change notification that is free of charge: what is changed from here is told, the rest is read on demand. */
  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    return await this.#call(uri, async (connection, id, path) => {
      const stat = await connection.client.containers.files.stat(id, path, { followLink: true });
      return toFileStat(stat);
    });
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    return await this.#call(uri, async (connection, id, path) => {
      const entries = await connection.client.containers.files.list(id, path);
      return entries.map((entry) => [entry.name, fileTypeOf(entry.type)]);
    });
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return await this.#call(uri, async (connection, id, path) => await connection.client.containers.files.read(id, path));
  }

  // VS Code passes more options than it declares: only those that the engine knows go to it.
  async writeFile(
    uri: vscode.Uri,
    content: Uint8Array,
    { create, overwrite }: { readonly create: boolean; readonly overwrite: boolean },
  ): Promise<void> {
    await this.#call(
      uri,
      async (connection, id, path) => await connection.client.containers.files.write(id, path, content, { create, overwrite }),
    );
    this.#tell([vscode.FileChangeType.Changed, uri]);
  }

  async createDirectory(uri: vscode.Uri): Promise<void> {
    await this.#call(uri, async (connection, id, path) => await connection.client.containers.files.createDirectory(id, path));
    this.#tell([vscode.FileChangeType.Created, uri]);
  }

  async delete(uri: vscode.Uri, { recursive }: { readonly recursive: boolean }): Promise<void> {
    await this.#call(uri, async (connection, id, path) => await connection.client.containers.files.remove(id, path, { recursive }));
    this.#tell([vscode.FileChangeType.Deleted, uri]);
  }

  async rename(from: vscode.Uri, to: vscode.Uri, { overwrite }: { readonly overwrite: boolean }): Promise<void> {
    await this.#call(
      from,
      async (connection, id, path) => await connection.client.containers.files.rename(id, path, to.path, { overwrite }),
    );
    this.#tell([vscode.FileChangeType.Deleted, from], [vscode.FileChangeType.Created, to]);
  }

  #tell(...changes: readonly [vscode.FileChangeType, vscode.Uri][]): void {
    this.#changed.fire(changes.map(([type, uri]) => ({ type, uri })));
  }

  async #call<T>(uri: vscode.Uri, work: (connection: EngineConnection, containerId: string, path: string) => Promise<T>): Promise<T> {
    const { socketPath, containerId, path } = parseContainerFileUri(uri);
    const connection = this.#connections.bySocket(socketPath);
    if (connection === undefined) throw vscode.FileSystemError.Unavailable(vscode.l10n.t('no engine at {0}', socketPath));
    try {
      return await work(connection, containerId, path);
    } catch (error) {
      throw toFileSystemError(error, uri);
    }
  }
}

function toFileStat(stat: FileStat): vscode.FileStat {
  const modified = Date.parse(stat.modifiedAt);
  return { type: fileTypeOf(stat.type), ctime: modified, mtime: modified, size: stat.sizeBytes };
}

function fileTypeOf(type: FileStat['type']): vscode.FileType {
  return type === 'directory'
    ? vscode.FileType.Directory
    : type === 'file'
      ? vscode.FileType.File
      : type === 'symlink'
        ? vscode.FileType.SymbolicLink
        : vscode.FileType.Unknown;
}

function toFileSystemError(error: unknown, uri: vscode.Uri): Error {
  const code = (error as { readonly code?: unknown }).code;
  const message = error instanceof Error ? error.message : String(error);
  switch (code) {
    case 'not-found':
      return vscode.FileSystemError.FileNotFound(uri);
    case 'already-exists':
      return vscode.FileSystemError.FileExists(uri);
    case 'permission-denied':
      return vscode.FileSystemError.NoPermissions(message);
    default:
      return vscode.FileSystemError.Unavailable(message);
  }
}
