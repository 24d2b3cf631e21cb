// The thread that unpacks layers, one after the other. Nothing else of the engine runs here.
import { parentPort } from 'node:worker_threads';
import { isJockerError } from '../errors/jocker-error.ts';
import type { WorkerAnswer, WorkerQuestion } from './layer-worker-messages.ts';
import { unpackLayer } from './unpack-layer.ts';

const progressIntervalMs = 100;

async function answer({ request }: WorkerQuestion, send: (message: WorkerAnswer) => void): Promise<void> {
  let lastProgress = 0;
  try {
    const layer = await unpackLayer(request, (bytes) => {
      const now = performance.now();
      if (now - lastProgress < progressIntervalMs) return;
      lastProgress = now;
      send({ kind: 'progress', bytes });
    });
    send({ kind: 'applied', layer });
  } catch (error) {
    const { message, cause } = error as Error;
    const code = isJockerError(error) ? error.code : 'internal';
    send({ kind: 'failed', code, message, cause: cause instanceof Error ? cause.message : '' });
  }
}

parentPort?.on('message', (question: WorkerQuestion) => void answer(question, (message) => parentPort?.postMessage(message)));
