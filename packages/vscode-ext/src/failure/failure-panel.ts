import * as vscode from 'vscode';
import type { EngineConnection } from '../connection/engine-connection.ts';
import type { FailureExplanation } from './explain-failure.ts';
import { failureHtml } from './failure-html.ts';
import { failureOf } from './failure-of.ts';

/** The waterfall in a webview. It runs one small script that only posts which button was pressed. */
export async function showFailure(connection: EngineConnection, id: string, act: (command: string) => void): Promise<void> {
  const explanation: FailureExplanation = await failureOf(connection, id);
  const panel = vscode.window.createWebviewPanel('jocker.failure', vscode.l10n.t('Why: {0}', explanation.title), vscode.ViewColumn.Active, {
    enableScripts: true,
    localResourceRoots: [],
  });
  panel.webview.html = failureHtml(explanation, {
    steps: vscode.l10n.t('Steps'),
    facts: vscode.l10n.t('Facts'),
    log: vscode.l10n.t('Last lines of the log'),
    whatToDo: vscode.l10n.t('What to do'),
    asText: vscode.l10n.t('Show as text'),
  });
  panel.webview.onDidReceiveMessage((message: unknown) => {
    if (message === 'suggestion') act(explanation.suggestion.command);
    if (message === 'text') act('jocker.containers.explainText');
  });
}
