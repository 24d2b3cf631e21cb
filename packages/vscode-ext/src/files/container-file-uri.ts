import * as vscode from 'vscode';
import type { EngineConnection } from '../connection/engine-connection.ts';

export const containerFileScheme = 'jocker';

/** `jocker://<socket, hex>.<container id>/path`: the authority names engine and container, so that it survives a reload. */
export function containerFileUri(connection: EngineConnection, containerId: string, path: string): vscode.Uri {
  const socket = Buffer.from(connection.socketPath).toString('hex');
  return vscode.Uri.from({ scheme: containerFileScheme, authority: `${socket}.${containerId}`, path: path === '' ? '/' : path });
}

export function parseContainerFileUri(uri: vscode.Uri): {
  readonly socketPath: string;
  readonly containerId: string;
  readonly path: string;
} {
  const dot = uri.authority.indexOf('.');
  return {
    socketPath: Buffer.from(uri.authority.slice(0, dot), 'hex').toString(),
    containerId: uri.authority.slice(dot + 1),
    path: uri.path,
  };
}
