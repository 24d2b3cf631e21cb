import type { ContainerView } from '@jocker/protocol';
import * as vscode from 'vscode';
import type { ContainerNode } from '../containers/container-node.ts';
import { runLine } from '../containers/run-line.ts';
import { showFailure } from '../failure/failure-panel.ts';
import { containerFileUri } from '../files/container-file-uri.ts';
import { LogTerminal } from '../logs/log-terminal.ts';
import { rememberedShell, rememberShell, type ShellChoice } from '../terminals/shell-choice.ts';
import { chooseContainer, type ContainerTarget } from './choose-container.ts';
import { setting, type Command, type CommandContext } from './command-context.ts';
import { tellFailure } from './tell-failure.ts';

const isRunning = ({ status }: ContainerView): boolean => status === 'running';

/** Everything that looks into a container and changes nothing of its life. */
export function lookCommands(context: CommandContext): Readonly<Record<string, Command>> {
  const on =
    (work: (target: ContainerTarget, node: unknown) => Promise<unknown>, suits?: (container: ContainerView) => boolean): Command =>
    async (node) => {
      const target = await chooseContainer(context, node, suits);
      if (target === undefined) return;
      try {
        await work(target, node);
      } catch (error) {
        await tellFailure(target.container.name, error);
      }
    };

  const showLogs = ({ connection, container }: ContainerTarget, since: Date | undefined): vscode.Terminal => {
    const terminal = vscode.window.createTerminal({
      name: vscode.l10n.t('{0} (logs)', container.name),
      iconPath: new vscode.ThemeIcon('output'),
      isTransient: true,
      pty: new LogTerminal({
        connection,
        name: container.name,
        tail: since === undefined ? setting<number>('logTail') : undefined,
        since,
        timestamps: setting<boolean>('logTimestamps'),
      }),
    });
    terminal.show();
    return terminal;
  };

  const explain: Command = async (node) => {
    const operation = node as ContainerNode | undefined;
    const target =
      operation?.kind === 'operation' ? { connection: operation.connection, id: operation.operationId } : await chooseFailed(context, node);
    if (target === undefined) return;
    await showFailure(target.connection, target.id, (command) => void vscode.commands.executeCommand(command, node));
  };

  return {
    'containers.exec': on(async ({ connection, container }) => {
      await context.terminals.exec(connection, container, rememberedShell(context.memory, container.image));
    }, isRunning),
    'containers.execWith': on(async ({ connection, container }) => {
      const choice = await askShell(rememberedShell(context.memory, container.image));
      if (choice === undefined) return;
      await rememberShell(context.memory, container.image, choice);
      await context.terminals.exec(connection, container, choice);
    }, isRunning),
    'containers.attach': on(async ({ connection, container }) => context.terminals.attachMain(connection, container), isRunning),
    'containers.logs': on(async (target) => showLogs(target, undefined)),
    'containers.logsSince': on(async (target) => {
      const minutes = await vscode.window.showInputBox({
        prompt: vscode.l10n.t('Show logs of the last … minutes'),
        value: '10',
        validateInput: (text) => (Number(text) > 0 ? undefined : vscode.l10n.t('A number above 0')),
      });
      if (minutes !== undefined) showLogs(target, new Date(Date.now() - Number(minutes) * 60_000));
    }),
    'containers.searchLogs': on(async (target) => {
      showLogs(target, undefined);
      await vscode.commands.executeCommand('workbench.action.terminal.focusFind');
    }),
    'containers.inspect': on(async ({ connection, container }) => {
      await context.documents.show(context.documents.uri(connection, 'inspect', container.id, `${container.name}.json`), 'json');
    }),
    'containers.spec': on(async ({ connection, container }) => {
      await context.documents.show(context.documents.uri(connection, 'spec', container.id, `${container.name} config.json`), 'jsonc');
    }),
    'containers.specDiff': on(async (target) => await compareSteps(context, target)),
    'containers.explain': explain,
    'containers.explainText': async (node) => {
      const operation = node as ContainerNode | undefined;
      const target =
        operation?.kind === 'operation'
          ? { connection: operation.connection, id: operation.operationId }
          : await chooseFailed(context, node);
      if (target !== undefined)
        await context.documents.show(context.documents.uri(target.connection, 'why', target.id, 'why.md'), 'markdown');
    },
    'containers.openFiles': on(async ({ connection, container }) => {
      const uri = containerFileUri(connection, container.id, '/');
      vscode.workspace.updateWorkspaceFolders(vscode.workspace.workspaceFolders?.length ?? 0, 0, { uri, name: container.name });
    }),
    'containers.copyId': on(async ({ container }) => await vscode.env.clipboard.writeText(container.id)),
    'containers.copyName': on(async ({ container }) => await vscode.env.clipboard.writeText(container.name)),
    'containers.copyRunLine': on(async ({ connection, container }) => {
      await vscode.env.clipboard.writeText(runLine((await connection.client.containers.inspect(container.id)).request));
    }),
    'exec.attach': async (node) => {
      const row = node as ContainerNode | undefined;
      if (row?.kind !== 'exec') return;
      const exec = row.connection.model.state.execs.get(row.execId);
      if (exec === undefined) return;
      await context.terminals.attach(row.connection, exec, row.connection.model.state.containers.get(row.containerId)?.name ?? exec.id);
    },
    'exec.kill': async (node) => {
      const row = node as ContainerNode | undefined;
      if (row?.kind !== 'exec') return;
      try {
        await row.connection.client.execs.kill(row.execId, 'SIGKILL');
      } catch (error) {
        await tellFailure(vscode.l10n.t('End the session'), error);
      }
    },
  };
}

async function chooseFailed(
  context: CommandContext,
  node: unknown,
): Promise<{ readonly connection: ContainerTarget['connection']; readonly id: string } | undefined> {
  const target = await chooseContainer(context, node);
  return target === undefined ? undefined : { connection: target.connection, id: target.container.id };
}

async function askShell(known: ShellChoice): Promise<ShellChoice | undefined> {
  const shells = ['sh', 'bash', 'ash', 'zsh', vscode.l10n.t('Another…')];
  const picked = await vscode.window.showQuickPick(shells, { placeHolder: vscode.l10n.t('Which shell?') });
  if (picked === undefined) return undefined;
  const shell =
    picked === shells.at(-1) ? await vscode.window.showInputBox({ prompt: vscode.l10n.t('Path of the program in the container') }) : picked;
  if (shell === undefined || shell === '') return undefined;
  const user = await vscode.window.showInputBox({ prompt: vscode.l10n.t("User; empty for the container's own"), value: known.user });
  if (user === undefined) return undefined;
  const workingDir = await vscode.window.showInputBox({
    prompt: vscode.l10n.t("Working directory; empty for the container's own"),
    value: known.workingDir,
  });
  return workingDir === undefined ? undefined : { command: [shell], user, workingDir };
}

async function compareSteps(context: CommandContext, { connection, container }: ContainerTarget): Promise<void> {
  const { steps } = await connection.client.containers.spec(container.id);
  const items = steps.map((step, index) => ({
    label: step.mutator,
    description: vscode.l10n.t('{0} changes', step.patch.length),
    count: index + 1,
  }));
  const from = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('The spec after which step?') });
  if (from === undefined) return;
  const to = await vscode.window.showQuickPick(
    items.filter(({ count }) => count !== from.count),
    { placeHolder: vscode.l10n.t('Compare with the spec after which step?') },
  );
  if (to === undefined) return;
  const uri = (item: (typeof items)[number]): vscode.Uri =>
    context.documents.uri(connection, 'spec-step', container.id, `${container.name} after ${item.label}.json`, String(item.count));
  await vscode.commands.executeCommand('vscode.diff', uri(from), uri(to), `${container.name}: ${from.label} ↔ ${to.label}`);
}
