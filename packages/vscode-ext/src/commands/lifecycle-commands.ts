import type { ContainerView } from '@jocker/protocol';
import * as vscode from 'vscode';
import { chooseContainer, chooseContainers, type ContainerTarget } from './choose-container.ts';
import { confirm, type Command, type CommandContext } from './command-context.ts';
import { tellFailure } from './tell-failure.ts';

const signals = ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
const isRunning = ({ status }: ContainerView): boolean => status === 'running' || status === 'restarting';
const isStopped = ({ status }: ContainerView): boolean => status === 'created' || status === 'exited' || status === 'dead';

export function lifecycleCommands(context: CommandContext): Readonly<Record<string, Command>> {
  /** Runs a verb on every target at once; each row shows its own spinner and each failure its own message. */
  const each = async (
    targets: readonly ContainerTarget[],
    verb: string,
    work: (target: ContainerTarget) => Promise<unknown>,
  ): Promise<void> => {
    await Promise.all(
      targets.map(async (target) => {
        const { id, name } = target.container;
        try {
          await context.busy.while(id, verb, async () => await work(target));
        } catch (error) {
          await tellFailure(`${name}, ${verb}`, error, () =>
            vscode.commands.executeCommand('jocker.containers.explain', context.containersTree.row(target.connection, id)),
          );
        }
      }),
    );
  };
  const verb =
    (word: string, suits: (container: ContainerView) => boolean, work: (target: ContainerTarget) => Promise<unknown>): Command =>
    async (node, selection) =>
      await each(await chooseContainers(context, node, selection, suits), word, work);

  return {
    'containers.start': verb(
      vscode.l10n.t('starting'),
      isStopped,
      async ({ connection, container }) => await connection.client.containers.start(container.id),
    ),
    'containers.stop': verb(
      vscode.l10n.t('stopping'),
      isRunning,
      async ({ connection, container }) => await connection.client.containers.stop(container.id),
    ),
    // One key for both: each selected container does what it can.
    'containers.startOrStop': verb(
      vscode.l10n.t('starting or stopping'),
      (container) => isRunning(container) || isStopped(container),
      async ({ connection, container }) =>
        await (isRunning(container) ? connection.client.containers.stop(container.id) : connection.client.containers.start(container.id)),
    ),
    'containers.restart': verb(
      vscode.l10n.t('restarting'),
      () => true,
      async ({ connection, container }) => await connection.client.containers.restart(container.id),
    ),
    'containers.pause': verb(
      vscode.l10n.t('pausing'),
      isRunning,
      async ({ connection, container }) => await connection.client.containers.pause(container.id),
    ),
    'containers.unpause': verb(
      vscode.l10n.t('resuming'),
      ({ status }) => status === 'paused',
      async ({ connection, container }) => await connection.client.containers.unpause(container.id),
    ),
    'containers.kill': async (node, selection) => {
      const targets = await chooseContainers(context, node, selection, isRunning);
      if (targets.length === 0) return;
      const signal = await vscode.window.showQuickPick(signals, { placeHolder: vscode.l10n.t('Which signal?') });
      if (signal !== undefined)
        await each(targets, signal, async ({ connection, container }) => await connection.client.containers.kill(container.id, signal));
    },
    'containers.rename': async (node) => {
      const target = await chooseContainer(context, node);
      if (target === undefined) return;
      const { connection, container } = target;
      const name = await vscode.window.showInputBox({
        prompt: vscode.l10n.t('New name of {0}', container.name),
        value: container.name,
        validateInput: (text) =>
          /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(text)
            ? undefined
            : vscode.l10n.t('Letters, digits, dots, dashes and underscores; at least two'),
      });
      if (name !== undefined && name !== container.name)
        await each([target], vscode.l10n.t('renaming'), async () => await connection.client.containers.rename(container.id, name));
    },
    'containers.remove': async (node, selection) => {
      const targets = await chooseContainers(context, node, selection);
      if (targets.length === 0) return;
      const running = targets.filter(({ container }) => !isStopped(container));
      const names = targets.map(({ container }) => container.name).join(', ');
      const detail =
        running.length > 0
          ? vscode.l10n.t('{0} is running and will be stopped.', running.map(({ container }) => container.name).join(', '))
          : undefined;
      if (!(await confirm(vscode.l10n.t('Remove {0}?', names), vscode.l10n.t('Remove'), detail))) return;
      await each(
        targets,
        vscode.l10n.t('removing'),
        async ({ connection, container }) => await connection.client.containers.remove(container.id, { force: true }),
      );
    },
    'containers.prune': async () => {
      for (const connection of context.connections.all) {
        const stopped = [...connection.model.state.containers.values()].filter(isStopped);
        if (stopped.length === 0) continue;
        const question = vscode.l10n.t('Remove {0} stopped containers?', stopped.length);
        if (!(await confirm(question, vscode.l10n.t('Remove'), stopped.map(({ name }) => name).join(', ')))) continue;
        try {
          const { removed } = await connection.client.containers.prune();
          await vscode.window.showInformationMessage(vscode.l10n.t('{0} containers removed', removed.length));
        } catch (error) {
          await tellFailure(vscode.l10n.t('Remove stopped containers'), error);
        }
      }
    },
  };
}
