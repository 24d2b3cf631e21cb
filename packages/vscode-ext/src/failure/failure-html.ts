import { randomBytes } from 'node:crypto';
import type { FailureExplanation, FailureSpan } from './explain-failure.ts';
import { formatMs } from './failure-markdown.ts';

export interface FailureWords {
  readonly steps: string;
  readonly facts: string;
  readonly log: string;
  readonly whatToDo: string;
  readonly asText: string;
}

/** The page: colours are the theme's, nothing is loaded, and everything foreign is escaped. */
export function failureHtml(explanation: FailureExplanation, words: FailureWords): string {
  const nonce = randomBytes(16).toString('hex');
  const totalMs = Math.max(1, ...explanation.spans.map((span) => span.startMs + span.durationMs));
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'">
<title>${escape(explanation.title)}</title>
<style nonce="${nonce}">
body { font-family: var(--vscode-font-family); color: var(--vscode-foreground); max-width: 60em; padding: 1em; }
.summary { color: var(--vscode-errorForeground); font-size: 1.1em; }
table { border-collapse: collapse; width: 100%; } td { padding: 2px 8px; vertical-align: middle; white-space: nowrap; }
td.bar { width: 60%; } svg { display: block; } rect { fill: var(--vscode-charts-blue); } .guilty rect { fill: var(--vscode-errorForeground); }
.guilty td { font-weight: bold; } .plugin { color: var(--vscode-descriptionForeground); font-weight: normal; }
pre { background: var(--vscode-textCodeBlock-background); padding: .6em; overflow: auto; }
button { color: var(--vscode-button-foreground); background: var(--vscode-button-background); border: 0; padding: .5em 1em; margin-right: .6em; cursor: pointer; }
button.second { color: var(--vscode-button-secondaryForeground); background: var(--vscode-button-secondaryBackground); }
</style></head><body>
<h1>${escape(explanation.title)}</h1>
<p class="summary" role="alert">${escape(explanation.summary)}</p>
${explanation.spans.length === 0 ? '' : `<h2>${escape(words.steps)}</h2><table>${explanation.spans.map((span) => spanRow(span, totalMs)).join('')}</table>`}
${explanation.facts.length === 0 ? '' : `<h2>${escape(words.facts)}</h2><table>${explanation.facts.map(([key, value]) => `<tr><td>${escape(key)}</td><td><code>${escape(value)}</code></td></tr>`).join('')}</table>`}
${explanation.lastLogLines.length === 0 ? '' : `<h2>${escape(words.log)}</h2><pre>${explanation.lastLogLines.map(escape).join('\n')}</pre>`}
<h2>${escape(words.whatToDo)}</h2>
<p><button id="suggestion">${escape(explanation.suggestion.text)}</button><button id="text" class="second">${escape(words.asText)}</button></p>
<script nonce="${nonce}">
const vscode = acquireVsCodeApi();
for (const id of ['suggestion', 'text']) document.getElementById(id).addEventListener('click', () => vscode.postMessage(id));
</script></body></html>`;
}

function spanRow(span: FailureSpan, totalMs: number): string {
  const percent = (ms: number): string => ((ms / totalMs) * 100).toFixed(2);
  const name = `${'&nbsp;'.repeat(span.depth * 4)}${escape(span.name)}${span.plugin === null ? '' : ` <span class="plugin">${escape(span.plugin)}</span>`}`;
  const width = Math.max(0.5, Number(percent(span.durationMs)));
  return `<tr${span.guilty ? ' class="guilty"' : ''}><td>${name}</td><td>${formatMs(span.durationMs)}</td><td class="bar"><svg width="100%" height="12" aria-hidden="true"><rect x="${percent(span.startMs)}%" width="${width}%" height="12"/></svg></td></tr>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
