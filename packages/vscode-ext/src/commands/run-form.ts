import * as vscode from 'vscode';
import { runRequest, type RunAnswers } from './run-answers.ts';

/** Asks step by step, with what is known filled in; Esc anywhere ends it with nothing. */
export async function askRun(known: RunAnswers, images: readonly string[]): Promise<RunAnswers | undefined> {
  const image = await askImage(known.image, images);
  if (image === undefined) return undefined;
  const steps: readonly (readonly [keyof RunAnswers, string, string])[] = [
    ['command', vscode.l10n.t("Command; empty for the image's own"), 'sleep 1000'],
    ['env', vscode.l10n.t('Environment, separated by spaces'), 'GREETING=hello MODE=test'],
    ['mounts', vscode.l10n.t('Mounts, separated by spaces'), '/on/this/machine:/in/the/container:ro'],
    ['limits', vscode.l10n.t('Limits'), 'memory=256m cpus=0.5 pids=100'],
    ['name', vscode.l10n.t('Name; empty for one that is made up'), ''],
  ];
  let answers: RunAnswers = { ...known, image };
  for (const [index, [key, prompt, placeHolder]] of steps.entries()) {
    const answer = await vscode.window.showInputBox({
      title: vscode.l10n.t('Run {0} ({1}/{2})', image, index + 2, steps.length + 1),
      prompt,
      placeHolder,
      value: answers[key],
      ignoreFocusOut: true,
      validateInput: (text) => problemWith({ ...answers, [key]: text }),
    });
    if (answer === undefined) return undefined;
    answers = { ...answers, [key]: answer };
  }
  return answers;
}

async function askImage(value: string, images: readonly string[]): Promise<string | undefined> {
  const pick = vscode.window.createQuickPick();
  pick.title = vscode.l10n.t('Run a container (1/6)');
  pick.placeholder = vscode.l10n.t('Image: a local one, or any reference');
  pick.value = value;
  const sources = ['host:busybox', 'rootfs:', 'oci:', 'docker-archive:'].filter((source) => !images.includes(source));
  const offer = (): void => {
    const typed = pick.value.trim();
    const known = [
      ...images.map((label) => ({ label, description: vscode.l10n.t('local') })),
      ...sources.map((label) => ({ label, description: vscode.l10n.t('source') })),
    ];
    pick.items =
      typed === '' || known.some(({ label }) => label === typed)
        ? known
        : [{ label: typed, description: vscode.l10n.t('pulled when missing') }, ...known];
  };
  offer();
  return await new Promise((resolve) => {
    pick.onDidChangeValue(offer);
    pick.onDidAccept(() => {
      resolve(pick.selectedItems[0]?.label ?? (pick.value.trim() || undefined));
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

function problemWith(answers: RunAnswers): string | undefined {
  try {
    runRequest(answers, '');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
