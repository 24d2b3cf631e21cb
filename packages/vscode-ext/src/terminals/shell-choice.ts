import type * as vscode from 'vscode';

/** How a terminal into an image's containers is opened; kept per image. */
export interface ShellChoice {
  readonly command: readonly string[];
  readonly user: string;
  readonly workingDir: string;
}

const key = 'jocker.shellChoices';
/** The best shell that is there, without one that names it in the argument list. */
const defaultShell: ShellChoice = {
  command: ['/bin/sh', '-c', 'command -v bash >/dev/null && exec bash || exec sh'],
  user: '',
  workingDir: '',
};

export function rememberedShell(memory: vscode.Memento, image: string): ShellChoice {
  return memory.get<Record<string, ShellChoice>>(key, {})[image] ?? defaultShell;
}

export async function rememberShell(memory: vscode.Memento, image: string, choice: ShellChoice): Promise<void> {
  await memory.update(key, { ...memory.get<Record<string, ShellChoice>>(key, {}), [image]: choice });
}
