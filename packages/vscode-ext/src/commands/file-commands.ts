import * as vscode from 'vscode';
import { posix } from 'node:path';
import type { ContainerNode } from '../containers/container-node.ts';
import { containerFileUri } from '../files/container-file-uri.ts';
import { confirm, type Command, type CommandContext } from './command-context.ts';
import { tellFailure } from './tell-failure.ts';

/** Files in the tree; all of them go through the file system provider, so that open editors follow. */
export function fileCommands(context: CommandContext): Readonly<Record<string, Command>> {
  const on =
    (work: (uri: vscode.Uri, node: ContainerNode) => Promise<void>): Command =>
    async (node) => {
      const row = node as ContainerNode | undefined;
      const uri = row === undefined ? undefined : uriOf(row);
      if (row === undefined || uri === undefined) return;
      try {
        await work(uri, row);
        context.containersTree.refresh();
      } catch (error) {
        await tellFailure(uri.path, error);
      }
    };
  const ask = async (prompt: string, value = ''): Promise<string | undefined> =>
    await vscode.window.showInputBox({
      prompt,
      value,
      validateInput: (text) => (text === '' || /[/\0]/.test(text) ? vscode.l10n.t('A name without slashes') : undefined),
    });

  return {
    'files.newFile': on(async (uri) => {
      const name = await ask(vscode.l10n.t('Name of the new file'));
      if (name === undefined) return;
      const file = vscode.Uri.joinPath(uri, name);
      await vscode.workspace.fs.writeFile(file, new Uint8Array());
      await vscode.window.showTextDocument(file);
    }),
    'files.newFolder': on(async (uri) => {
      const name = await ask(vscode.l10n.t('Name of the new folder'));
      if (name !== undefined) await vscode.workspace.fs.createDirectory(vscode.Uri.joinPath(uri, name));
    }),
    'files.rename': on(async (uri) => {
      const name = await ask(vscode.l10n.t('New name'), posix.basename(uri.path));
      if (name !== undefined)
        await vscode.workspace.fs.rename(uri, uri.with({ path: posix.join(posix.dirname(uri.path), name) }), { overwrite: false });
    }),
    'files.delete': on(async (uri) => {
      if (await confirm(vscode.l10n.t('Delete {0} in the container?', uri.path), vscode.l10n.t('Delete')))
        await vscode.workspace.fs.delete(uri, { recursive: true });
    }),
    'files.upload': on(async (uri) => {
      const chosen = await vscode.window.showOpenDialog({
        canSelectMany: true,
        canSelectFiles: true,
        canSelectFolders: true,
        openLabel: vscode.l10n.t('Upload'),
      });
      await upload(chosen ?? [], uri);
    }),
    'files.download': on(async (uri) => {
      const target = await vscode.window.showSaveDialog({ defaultUri: vscode.Uri.file(posix.basename(uri.path)) });
      if (target !== undefined) await vscode.workspace.fs.copy(uri, target, { overwrite: true });
    }),
  };
}

function uriOf(node: ContainerNode): vscode.Uri | undefined {
  if (node.kind === 'file') return containerFileUri(node.connection, node.containerId, node.path);
  return node.kind === 'section' && node.section === 'files' ? containerFileUri(node.connection, node.containerId, '/') : undefined;
}

async function upload(sources: readonly vscode.Uri[], folder: vscode.Uri): Promise<void> {
  for (const source of sources) {
    const target = vscode.Uri.joinPath(folder, posix.basename(source.path));
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Uploading {0}', posix.basename(source.path)) },
      async () => await vscode.workspace.fs.copy(source, target, { overwrite: true }),
    );
  }
}

/** Files dropped onto a folder of the tree are uploaded into it. */
export class UploadByDrop implements vscode.TreeDragAndDropController<ContainerNode> {
  readonly dropMimeTypes: readonly string[] = ['text/uri-list'];
  readonly dragMimeTypes: readonly string[] = [];

  readonly #done: () => void;

  constructor(done: () => void) {
    this.#done = done;
  }

  async handleDrop(target: ContainerNode | undefined, transfer: vscode.DataTransfer): Promise<void> {
    const folder = target === undefined || (target.kind === 'file' && target.fileType !== 'directory') ? undefined : uriOf(target);
    const list = await transfer.get('text/uri-list')?.asString();
    if (folder === undefined || list === undefined) return;
    try {
      await upload(
        list
          .split(/\r?\n/)
          .filter((line) => line !== '' && !line.startsWith('#'))
          .map((line) => vscode.Uri.parse(line)),
        folder,
      );
      this.#done();
    } catch (error) {
      await tellFailure(vscode.l10n.t('Upload'), error);
    }
  }
}
