import * as vscode from 'vscode';

/** One message for one incident: the object, the step, the cause, and one action. */
export async function tellFailure(what: string, error: unknown, why?: () => Thenable<unknown>): Promise<void> {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (code === 'cancelled' || (error as { readonly name?: unknown }).name === 'AbortError') return;
  const action = vscode.l10n.t('Why?');
  const text = `${what}: ${typeof message === 'string' ? message : String(error)}`;
  if (why === undefined) return void (await vscode.window.showErrorMessage(text));
  if ((await vscode.window.showErrorMessage(text, action)) === action) await why();
}
