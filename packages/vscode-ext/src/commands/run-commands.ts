import type { CreateRequest } from '@jocker/protocol';
import * as vscode from 'vscode';
import type { EngineConnection } from '../connection/engine-connection.ts';
import { chooseContainer } from './choose-container.ts';
import { chooseEngine } from './choose-engine.ts';
import type { Command, CommandContext } from './command-context.ts';
import { pullImage } from './image-commands.ts';
import { answersOf, noAnswers, runRequest, type RunAnswers } from './run-answers.ts';
import { askRun } from './run-form.ts';
import { tellFailure } from './tell-failure.ts';

const presetsKey = 'jocker.presets';
const presetsMax = 20;

export function runCommands(context: CommandContext): Readonly<Record<string, Command>> {
  const presets = (): readonly RunAnswers[] => context.memory.get<readonly RunAnswers[]>(presetsKey, []);

  const ask = async (known: RunAnswers): Promise<void> => {
    const connection = await chooseEngine(context);
    if (connection === undefined) return;
    const images = [...connection.model.state.images.values()].flatMap(({ references }) => references);
    const answers = await askRun(known, images);
    if (answers === undefined) return;
    const others = presets().filter((preset) => JSON.stringify(preset) !== JSON.stringify(answers));
    await context.memory.update(presetsKey, [answers, ...others].slice(0, presetsMax));
    await run(context, connection, runRequest(answers, vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? ''));
  };

  return {
    'containers.run': async (node) => {
      const image = (node as { readonly image?: unknown } | undefined)?.image;
      await ask({ ...noAnswers, image: typeof image === 'string' ? image : '' });
    },
    'containers.runPreset': async () => {
      const items = presets().map((preset) => ({
        label: preset.image,
        description: [preset.command, preset.name].filter(Boolean).join(' · '),
        preset,
      }));
      const picked = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Which one?') });
      if (picked !== undefined) await ask(picked.preset);
    },
    'containers.runAgain': async (node) => {
      const target = await chooseContainer(context, node);
      if (target === undefined) return;
      const { request } = await target.connection.client.containers.inspect(target.container.id);
      await ask(answersOf(request));
    },
  };
}

async function run(context: CommandContext, connection: EngineConnection, request: CreateRequest): Promise<void> {
  try {
    const known = [...connection.model.state.images.values()].some(({ references }) => references.includes(request.image));
    if (!known && !(await pullImage(connection, request.image))) return;
    const { id } = await connection.client.containers.create(request);
    await connection.client.containers.start(id);
    await context.containersView.reveal(context.containersTree.row(connection, id), { select: true });
  } catch (error) {
    await tellFailure(vscode.l10n.t('Run {0}', request.image), error);
  }
}
