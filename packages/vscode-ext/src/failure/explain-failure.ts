import type { ContainerView, OperationSpan, OperationView } from '@jocker/protocol';

/** Why something failed, ready to be shown: as a waterfall in a webview, and as Markdown for a screen reader. */
export interface FailureExplanation {
  readonly title: string;
  readonly summary: string;
  readonly spans: readonly FailureSpan[];
  /** Code, errno and argument at fault, as the engine knows them. */
  readonly facts: readonly (readonly [string, string])[];
  readonly lastLogLines: readonly string[];
  readonly suggestion: FailureSuggestion;
}

export interface FailureSpan {
  readonly name: string;
  readonly plugin: string | null;
  readonly depth: number;
  readonly startMs: number;
  readonly durationMs: number;
  readonly guilty: boolean;
}

/** One action, as a command of the extension. */
export interface FailureSuggestion {
  readonly text: string;
  readonly command: string;
}

export interface FailureInput {
  readonly operation: OperationView | undefined;
  readonly container: ContainerView | undefined;
  readonly lastLogLines: readonly string[];
}

export function explainFailure(input: FailureInput): FailureExplanation {
  const { operation, container } = input;
  const error = operation?.error ?? null;
  const name = container?.name ?? operation?.subject ?? '';
  const spans = operation === undefined ? [] : layOutSpans(operation);
  const guilty = spans.find((span) => span.guilty);
  const summary =
    error !== null
      ? `${guilty === undefined ? '' : `${guilty.name}: `}${error.message}`
      : container?.oomKilled === true
        ? `${name} was killed because it used all of its memory`
        : container !== undefined && container.exitCode !== null
          ? `${name} ended with exit code ${container.exitCode}${signalOf(container.exitCode)}`
          : `${name} failed`;
  return {
    title: name,
    summary,
    spans,
    facts: [
      ...(operation === undefined ? [] : ([['operation', operation.operation]] as const)),
      ...(error === null ? [] : ([['code', error.code]] as const)),
      ...Object.entries(error?.details ?? {})
        .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
        .map(([key, value]) => [key, String(value)] as const),
      ...(container === undefined || container.exitCode === null ? [] : ([['exit code', String(container.exitCode)]] as const)),
    ],
    lastLogLines: input.lastLogLines,
    suggestion: suggest(input),
  };
}

function layOutSpans(operation: OperationView): readonly FailureSpan[] {
  const origin = Date.parse(operation.startedAt);
  const deepest = findLastFailed(operation.spans);
  return operation.spans.map((span, index) => ({
    name: span.name,
    plugin: span.plugin,
    depth: depthOf(operation.spans, span),
    startMs: Math.max(0, Date.parse(span.startedAt) - origin),
    durationMs: span.durationMs ?? 0,
    guilty: index === deepest,
  }));
}

/** The innermost failed step is the guilty one: its parents failed because of it. */
function findLastFailed(spans: readonly OperationSpan[]): number {
  let found = -1;
  spans.forEach((span, index) => {
    const current = spans[found];
    if (span.failed && (current === undefined || depthOf(spans, span) >= depthOf(spans, current))) found = index;
  });
  return found;
}

function depthOf(spans: readonly OperationSpan[], span: OperationSpan): number {
  let depth = 0;
  for (let at = span.parent; at !== null && depth < 16; at = spans[at]?.parent ?? null) depth++;
  return depth;
}

const signals: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  6: 'SIGABRT',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};

function signalOf(exitCode: number): string {
  const signal = exitCode > 128 ? signals[exitCode - 128] : undefined;
  return signal === undefined ? '' : ` (${signal})`;
}

function suggest({ operation, container }: FailureInput): FailureSuggestion {
  const reason = operation?.error?.details['reason'];
  if (reason === 'command-not-found')
    return { text: 'The program is not in the image: run it again with another command', command: 'jocker.containers.runAgain' };
  if (reason === 'command-not-executable')
    return { text: 'The file may not be executed: run it again with another command', command: 'jocker.containers.runAgain' };
  if (operation?.error?.code === 'not-found' && operation.operation.startsWith('image.'))
    return { text: 'Pull another image', command: 'jocker.images.pull' };
  if (operation?.error?.code === 'unavailable') return { text: 'Try again', command: 'jocker.images.pull' };
  if (container?.oomKilled === true) return { text: 'Run it again with more memory', command: 'jocker.containers.runAgain' };
  return { text: 'Read its whole log', command: 'jocker.containers.logs' };
}
