import { parentPort } from 'node:worker_threads';
import { isJockerError } from '../errors/jocker-error.ts';
import type { WorkerFailure, WorkerMessage } from './worker-messages.ts';

function failureOf(error: unknown): WorkerFailure {
  const { message, cause } = error as Error;
  return { code: isJockerError(error) ? error.code : 'internal', message, cause: cause instanceof Error ? cause.message : '' };
}

/** The whole life of a worker of a pool: one question at a time. */
export function answerQuestions<Question, Progress, Answer>(
  handle: (question: Question, onProgress: (progress: Progress) => void) => Answer | Promise<Answer>,
): void {
  const send = (message: WorkerMessage<Progress, Answer>): void => parentPort?.postMessage(message);
  async function answer(question: Question): Promise<void> {
    try {
      send({ kind: 'answer', answer: await handle(question, (progress) => send({ kind: 'progress', progress })) });
    } catch (error) {
      send({ kind: 'failed', failure: failureOf(error) });
    }
  }
  parentPort?.on('message', (question: Question) => void answer(question));
}
