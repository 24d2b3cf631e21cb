import type { CreateRequest, MountRequest, ResourceLimits } from '@jocker/protocol';
import * as vscode from 'vscode';

/** The form as text, one answer a step; kept as a preset in this shape. */
export interface RunAnswers {
  readonly image: string;
  readonly command: string;
  readonly env: string;
  readonly mounts: string;
  readonly limits: string;
  readonly name: string;
}

export const noAnswers: RunAnswers = { image: '', command: '', env: '', mounts: '', limits: '', name: '' };

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

/** Throws an Error with a sentence for the form when an answer cannot be read. */
export function runRequest(answers: RunAnswers, origin: string): CreateRequest {
  const command = splitWords(answers.command);
  const env = splitWords(answers.env);
  const mounts = splitWords(answers.mounts).map(parseMount);
  const resources = parseLimits(splitWords(answers.limits));
  const wrong = env.find((variable) => !/^[^=\s]+=/.test(variable));
  if (wrong !== undefined) throw new Error(`"${wrong}" is not NAME=VALUE`);
  return {
    image: answers.image,
    ...(command.length === 0 ? {} : { command }),
    ...(env.length === 0 ? {} : { env }),
    ...(mounts.length === 0 ? {} : { mounts }),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
    ...(answers.name.trim() === '' ? {} : { name: answers.name.trim() }),
    ...(origin === '' ? {} : { origin }),
  };
}

/** Words as a shell splits them: quotes keep spaces, a backslash keeps the next character. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  const pattern = /\s*((?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+)/gy;
  let end = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    end = pattern.lastIndex;
    words.push(
      (match[1] ?? '').replace(
        /\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/g,
        (_all, escaped, double, single) => escaped ?? single ?? double?.replace(/\\(.)/g, '$1') ?? '',
      ),
    );
  }
  if (text.slice(end).trim() !== '') throw new Error(`a quote is not closed in: ${text.slice(end).trim()}`);
  return words;
}

function parseMount(text: string): MountRequest {
  const [source, target, mode, ...rest] = text.split(':');
  if (
    source?.startsWith('/') !== true ||
    target?.startsWith('/') !== true ||
    rest.length > 0 ||
    (mode !== undefined && mode !== 'ro' && mode !== 'rw')
  )
    throw new Error(`"${text}" is not /source:/target[:ro]`);
  return { type: 'bind', source, target, ...(mode === 'ro' ? { readonly: true } : {}) };
}

const factors: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

function parseLimits(words: readonly string[]): ResourceLimits {
  const limits: { -readonly [K in keyof ResourceLimits]: ResourceLimits[K] } = {};
  for (const word of words) {
    const [key, value = ''] = word.split('=');
    const size = /^(\d+)([kmg]?)b?$/i.exec(value);
    const number = Number(value);
    if (key === 'memory' && size !== null) limits.memoryBytes = Number(size[1]) * (factors[(size[2] ?? '').toLowerCase()] ?? 1);
    else if (key === 'cpus' && number > 0) limits.nanoCpus = Math.round(number * 1e9);
    else if (key === 'pids' && Number.isInteger(number) && number > 0) limits.pidsLimit = number;
    else throw new Error(`"${word}" is none of memory=256m, cpus=0.5, pids=100`);
  }
  return limits;
}
