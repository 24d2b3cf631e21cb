import { mergeHealthcheck } from '../health/health-plan.ts';
import type { ImageRunConfig } from '../oci/image-config.ts';
import type { CreateRequest } from './create-request.ts';

interface Configured {
  readonly request: CreateRequest;
  readonly imageConfig: ImageRunConfig;
}

/** The image's configuration with what the user asked for instead: what a commit keeps, and what an inspect shows. */
export function runConfigOf({ request, imageConfig }: Configured): ImageRunConfig {
  const { env: _env, command: imageCommand, ...rest } = imageConfig;
  const env = mergeEnv(imageConfig.env ?? [], request.env ?? []);
  const command = request.command ?? (request.entrypoint === undefined ? imageCommand : undefined);
  const exposedPorts = [...new Set([...(imageConfig.exposedPorts ?? []), ...(request.exposedPorts ?? [])])];
  const healthcheck = mergeHealthcheck(imageConfig.healthcheck, request.healthcheck);
  const labels = { ...imageConfig.labels, ...request.labels };
  return {
    ...rest,
    ...(env.length === 0 ? {} : { env }),
    ...(command === undefined ? {} : { command }),
    ...(exposedPorts.length === 0 ? {} : { exposedPorts }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(request.entrypoint === undefined ? {} : { entrypoint: request.entrypoint }),
    ...(request.user === undefined ? {} : { user: request.user }),
    ...(request.workingDir === undefined ? {} : { workingDir: request.workingDir }),
    ...(request.stopSignal === undefined ? {} : { stopSignal: request.stopSignal }),
    ...(healthcheck === undefined ? {} : { healthcheck }),
  };
}

/** The request's entries win and keep the place of those before; a bare name unsets. */
function mergeEnv(image: readonly string[], request: readonly string[]): readonly string[] {
  const entries = new Map(image.map((entry) => [nameOf(entry), entry]));
  for (const entry of request) {
    if (entry.includes('=')) entries.set(nameOf(entry), entry);
    else entries.delete(entry);
  }
  return [...entries.values()];
}

const nameOf = (entry: string): string => entry.split('=', 1)[0] ?? '';
