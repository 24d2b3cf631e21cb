// The threads that look into containers' file systems.
import { answerQuestions } from '../../worker/answer-questions.ts';
import { fileOperations, type FileQuestion } from './file-operations.ts';

answerQuestions<FileQuestion, never, unknown>(async ({ operation, args }) => {
  const run = fileOperations[operation] as (...values: readonly unknown[]) => unknown;
  return await run(...args);
});
