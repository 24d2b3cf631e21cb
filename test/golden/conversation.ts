import { createSteps } from './steps/create-steps.ts';
import { fileSteps } from './steps/file-steps.ts';
import { imageSteps } from './steps/image-steps.ts';
import { lifecycleSteps } from './steps/lifecycle-steps.ts';
import { streamSteps } from './steps/stream-steps.ts';
import { systemSteps } from './steps/system-steps.ts';
import { playSteps } from './play-steps.ts';
import type { Recording } from './step.ts';

/** What Debian's dockerd speaks. */
const version = '1.41';

/** The whole conversation, by area; it begins with an engine that has nothing. */
export async function converse(socketPath: string): Promise<Readonly<Record<string, Recording>>> {
  const saved = new Map<string, string>();
  const areas = {
    system: systemSteps,
    images: await imageSteps(),
    create: createSteps,
    lifecycle: lifecycleSteps,
    streams: streamSteps,
    files: fileSteps,
  };
  const recordings: Record<string, Recording> = {};
  for (const [area, steps] of Object.entries(areas)) recordings[area] = await playSteps(socketPath, steps, version, saved);
  return recordings;
}
