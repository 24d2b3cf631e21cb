// The thread that unpacks layers, one after the other. Nothing else of the engine runs here.
import { answerQuestions } from '../worker/answer-questions.ts';
import { unpackLayer, type AppliedLayer, type UnpackLayerRequest } from './unpack-layer.ts';

const progressIntervalMs = 100;

answerQuestions<UnpackLayerRequest, number, AppliedLayer>(async (request, onProgress) => {
  let lastProgress = 0;
  return await unpackLayer(request, (bytes) => {
    const now = performance.now();
    if (now - lastProgress < progressIntervalMs) return;
    lastProgress = now;
    onProgress(bytes);
  });
});
