import type { ImageView } from '@jocker/protocol';
import * as vscode from 'vscode';
import type { EngineConnection } from '../connection/engine-connection.ts';
import { shortId } from '../containers/container-text.ts';
import { formatBytes, type ImageNode } from '../images/images-tree.ts';
import { pullSummary } from '../images/pull-summary.ts';
import { confirm, type Command, type CommandContext } from './command-context.ts';
import { chooseEngine } from './choose-engine.ts';
import { tellFailure } from './tell-failure.ts';

interface ImageTarget {
  readonly connection: EngineConnection;
  readonly image: ImageView;
}

export function imageCommands(context: CommandContext): Readonly<Record<string, Command>> {
  const on =
    (work: (target: ImageTarget) => Promise<unknown>): Command =>
    async (node) => {
      const [target] = await chooseImages(context, node, undefined);
      if (target === undefined) return;
      try {
        await work(target);
      } catch (error) {
        await tellFailure(nameOf(target.image), error);
      }
    };

  return {
    'images.pull': async (node) => {
      const [clicked] = node === undefined ? [] : await chooseImages(context, node, undefined);
      const connection = clicked?.connection ?? (await chooseEngine(context));
      if (connection === undefined) return;
      const reference = await vscode.window.showInputBox({
        prompt: vscode.l10n.t('Image to pull'),
        placeHolder: 'alpine:3.22, host:busybox, rootfs:/path/rootfs.tar.gz',
        value: clicked?.image.references[0] ?? '',
      });
      if (reference !== undefined && reference.trim() !== '') await pullImage(connection, reference.trim());
    },
    'images.run': on(
      async ({ image }) => await vscode.commands.executeCommand('jocker.containers.run', { image: image.references[0] ?? image.id }),
    ),
    'images.inspect': on(async ({ connection, image }) => {
      await context.documents.show(context.documents.uri(connection, 'inspect-image', image.id, `${shortId(image.id)}.json`), 'json');
    }),
    'images.tag': on(async ({ connection, image }) => {
      const reference = await vscode.window.showInputBox({ prompt: vscode.l10n.t('Another name for {0}', nameOf(image)) });
      if (reference !== undefined && reference !== '') await connection.client.images.tag(image.id, reference);
    }),
    'images.copyReference': on(async ({ image }) => await vscode.env.clipboard.writeText(image.references[0] ?? image.id)),
    'images.remove': async (node, selection) => {
      const targets = await chooseImages(context, node, selection);
      if (targets.length === 0) return;
      if (!(await confirm(vscode.l10n.t('Remove {0}?', targets.map(({ image }) => nameOf(image)).join(', ')), vscode.l10n.t('Remove'))))
        return;
      for (const { connection, image } of targets) {
        try {
          await connection.client.images.remove(image.references.length === 1 ? (image.references[0] ?? image.id) : image.id, {
            force: image.references.length > 1,
          });
        } catch (error) {
          await tellFailure(nameOf(image), error);
        }
      }
    },
    'images.prune': async () => {
      const connection = await chooseEngine(context);
      if (connection === undefined) return;
      if (!(await confirm(vscode.l10n.t('Remove every image that no container uses?'), vscode.l10n.t('Remove')))) return;
      try {
        const { deleted, reclaimedBytes } = await connection.client.images.prune({ danglingOnly: false });
        await vscode.window.showInformationMessage(
          vscode.l10n.t('{0} images removed, {1} freed', deleted.length, formatBytes(reclaimedBytes)),
        );
      } catch (error) {
        await tellFailure(vscode.l10n.t('Remove unused images'), error);
      }
    },
    'images.toggleDangling': async () => {
      await context.memory.update('jocker.showDangling', !context.memory.get<boolean>('jocker.showDangling', false));
      context.imagesTree.refresh();
    },
    'operations.cancel': async (node) => {
      const row = node as ImageNode | undefined;
      if (row?.kind !== 'operation') return;
      await row.connection.client.operations.cancel(row.operationId);
    },
  };
}

/** Pulls with progress and a Cancel that reaches the engine. Resolves with false when it did not end well. */
export async function pullImage(connection: EngineConnection, reference: string): Promise<boolean> {
  return await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Pulling {0}', reference), cancellable: true },
    async (progress, token) => {
      const cancelled = new AbortController();
      using _model = connection.model.onChange(() => {
        const pull = [...connection.model.state.operations.values()].find(
          ({ operation, subject, state }) => operation === 'image.pull' && subject === reference && state === 'running',
        );
        if (pull !== undefined && pull.progress.length > 0) progress.report({ message: pullSummary(pull.progress) });
      });
      token.onCancellationRequested(() => cancelled.abort());
      try {
        await connection.client.images.pull(reference, { signal: cancelled.signal });
        return true;
      } catch (error) {
        if (!token.isCancellationRequested) await tellFailure(vscode.l10n.t('Pull {0}', reference), error);
        return false;
      }
    },
  );
}

const nameOf = (image: ImageView): string => image.references[0] ?? shortId(image.id);

async function chooseImages(context: CommandContext, node: unknown, selection: unknown): Promise<readonly ImageTarget[]> {
  const clicked =
    Array.isArray(selection) && selection.length > 0 ? (selection as ImageNode[]) : node === undefined ? [] : [node as ImageNode];
  const rows = clicked.length > 0 ? clicked : context.imagesView.selection;
  const targets = rows.flatMap((row) => {
    const image = row.kind === 'image' ? row.connection.model.state.images.get(row.imageId) : undefined;
    return image === undefined ? [] : [{ connection: row.connection, image }];
  });
  if (targets.length > 0 || clicked.length > 0) return targets;
  const items = context.connections.all.flatMap((connection) =>
    [...connection.model.state.images.values()].map((image) => ({
      label: nameOf(image),
      description: formatBytes(image.sizeBytes),
      target: { connection, image },
    })),
  );
  const picked = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Which image?') });
  return picked === undefined ? [] : [picked.target];
}
