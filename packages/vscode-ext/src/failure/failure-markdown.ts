import type { FailureExplanation } from './explain-failure.ts';

/** The explanation as text that a screen reader reads well and that can be pasted into an issue. */
export function failureMarkdown(explanation: FailureExplanation): string {
  const steps = explanation.spans.map((span) => {
    const plugin = span.plugin === null ? '' : ` (${span.plugin})`;
    return `${'  '.repeat(span.depth)}- ${span.guilty ? '**failed** ' : ''}${span.name}${plugin}: ${formatMs(span.durationMs)}`;
  });
  return [
    `# ${explanation.title}`,
    '',
    explanation.summary,
    '',
    ...(steps.length === 0 ? [] : ['## Steps', '', ...steps, '']),
    ...(explanation.facts.length === 0 ? [] : ['## Facts', '', ...explanation.facts.map(([key, value]) => `- ${key}: \`${value}\``), '']),
    ...(explanation.lastLogLines.length === 0 ? [] : ['## Last lines of the log', '', '```text', ...explanation.lastLogLines, '```', '']),
    '## What to do',
    '',
    explanation.suggestion.text,
    '',
  ].join('\n');
}

export function formatMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
