import { describe, expect, test } from 'vitest';
import type { OperationView } from '@jocker/protocol';
import { containerView } from '../testing/views.ts';
import { explainFailure } from './explain-failure.ts';
import { failureMarkdown } from './failure-markdown.ts';

const operation: OperationView = {
  id: 'o1',
  operation: 'container.start',
  subject: 'web',
  client: 'vscode',
  state: 'failed',
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:00.030Z',
  spans: [
    { name: 'start', plugin: null, parent: null, startedAt: '2026-01-01T00:00:00.000Z', durationMs: 30, failed: true },
    { name: 'create', plugin: 'runtime-crun', parent: 0, startedAt: '2026-01-01T00:00:00.010Z', durationMs: 20, failed: true },
  ],
  error: { code: 'invalid-argument', message: 'no program "nope" in the image', details: { reason: 'command-not-found', command: 'nope' } },
  progress: [],
  containerId: null,
};

describe('explaining a failure', () => {
  test('calls the innermost failed step the guilty one', () => {
    const { spans } = explainFailure({ operation, container: undefined, lastLogLines: [] });
    expect(spans.map(({ name, depth, startMs, guilty }) => [name, depth, startMs, guilty])).toEqual([
      ['start', 0, 0, false],
      ['create', 1, 10, true],
    ]);
  });

  test('suggests another command when the program is not in the image', () => {
    expect(explainFailure({ operation, container: undefined, lastLogLines: [] }).suggestion.command).toBe('jocker.containers.runAgain');
  });

  test('says that memory ran out rather than a number', () => {
    const container = containerView({ status: 'exited', exitCode: 137, oomKilled: true });
    expect(explainFailure({ operation: undefined, container, lastLogLines: [] }).summary).toBe(
      'web was killed because it used all of its memory',
    );
  });

  test('names the signal behind an exit code', () => {
    const container = containerView({ status: 'exited', exitCode: 143 });
    expect(explainFailure({ operation: undefined, container, lastLogLines: [] }).summary).toContain('143 (SIGTERM)');
  });

  test('reads as text with steps, facts and the last lines of the log', () => {
    const text = failureMarkdown(explainFailure({ operation, container: undefined, lastLogLines: ['boom'] }));
    expect(text).toContain('  - **failed** create (runtime-crun): 20 ms');
    expect(text).toContain('- command: `nope`');
    expect(text).toContain('boom');
  });
});
