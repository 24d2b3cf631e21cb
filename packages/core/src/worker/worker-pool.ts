import { Worker } from 'node:worker_threads';
import { JockerError } from '../errors/jocker-error.ts';
import type { WorkerMessage } from './worker-messages.ts';

/** Threads that each answer one question at a time; further questions wait in their order. */
export interface WorkerPool<Question, Progress, Answer> {
  /** When the promise settles the thread does no more for it. After the signal: `cancelled`. */
  ask(question: Question, options: { readonly signal: AbortSignal; readonly onProgress?: (progress: Progress) => void }): Promise<Answer>;
  /** Ends the threads; what runs is cancelled. */
  close(): Promise<void>;
}

export function createWorkerPool<Question, Progress, Answer>(options: {
  readonly url: URL;
  readonly name: string;
  readonly mostWorkers: number;
  /** How long a thread stays for the next question. */
  readonly idleMs: number;
  /**
   * Whether node closes, when a thread is ended in the middle of its work, the descriptors that it opened with node:fs.
   * Not for threads that open descriptors otherwise: node warns at each that it did not see opened.
   */
  readonly closesDescriptors: boolean;
}): WorkerPool<Question, Progress, Answer> {
  const idle: { readonly worker: Worker; readonly timer: NodeJS.Timeout }[] = [];
  const waiting: (() => void)[] = [];
  const closing = new AbortController();
  let running = 0;

  const cancelled = (): JockerError => new JockerError('cancelled', `the work of ${options.name} was cancelled`);

  async function takeTurn(signal: AbortSignal): Promise<void> {
    if (running < options.mostWorkers) {
      running++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(go), 1);
        reject(cancelled());
      };
      waiting.push(go);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  function giveTurn(): void {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }

  function takeWorker(): Worker {
    const kept = idle.pop();
    if (kept === undefined) return new Worker(options.url, { name: options.name, trackUnmanagedFds: options.closesDescriptors });
    clearTimeout(kept.timer);
    kept.worker.ref();
    return kept.worker;
  }

  function keepWorker(worker: Worker): void {
    worker.unref();
    const timer = setTimeout(() => {
      idle.splice(idle.indexOf(entry), 1);
      void worker.terminate();
    }, options.idleMs).unref();
    const entry = { worker, timer };
    idle.push(entry);
  }

  /** Resolves with what the worker said last; rejects when it was cancelled or died, and may still be at work. */
  async function converse(
    worker: Worker,
    question: Question,
    signal: AbortSignal,
    onProgress: ((progress: Progress) => void) | undefined,
  ): Promise<Exclude<WorkerMessage<Progress, Answer>, { kind: 'progress' }>> {
    const { promise, resolve, reject } = Promise.withResolvers<Exclude<WorkerMessage<Progress, Answer>, { kind: 'progress' }>>();
    const onMessage = (message: WorkerMessage<Progress, Answer>): void => {
      if (message.kind === 'progress') onProgress?.(message.progress);
      else resolve(message);
    };
    const onAbort = (): void => reject(cancelled());
    const onError = (error: unknown): void => reject(new JockerError('internal', `the thread ${options.name} failed`, { cause: error }));
    const onExit = (): void => onError(new Error('it ended'));
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else worker.postMessage(question);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
    }
  }

  return {
    async ask(question, { signal: ownSignal, onProgress }) {
      const signal = AbortSignal.any([ownSignal, closing.signal]);
      if (signal.aborted) throw cancelled();
      await takeTurn(signal);
      try {
        const worker = takeWorker();
        const last = await converse(worker, question, signal, onProgress).catch(async (error: unknown) => {
          await worker.terminate();
          throw error;
        });
        keepWorker(worker);
        if (last.kind === 'answer') return last.answer;
        const { code, message, cause } = last.failure;
        throw new JockerError(code, message, cause === '' ? {} : { cause });
      } finally {
        giveTurn();
      }
    },
    async close() {
      closing.abort();
      for (const { timer } of idle) clearTimeout(timer);
      await Promise.all(idle.splice(0).map(({ worker }) => worker.terminate()));
    },
  };
}
