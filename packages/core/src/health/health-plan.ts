import type { ContainerRecord } from '../container/container-record.ts';
import type { Healthcheck } from '../oci/image-config.ts';

/** How a container is checked. */
export interface HealthPlan {
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Failures count from here on after the start. */
  readonly startPeriodMs: number;
  /** Between checks while the start period lasts and none has succeeded. */
  readonly startIntervalMs: number;
  /** So many failures in a row make it unhealthy. */
  readonly retries: number;
}

/** The request's words over the image's; a value of zero says nothing, as in docker. */
export function mergeHealthcheck(image: Healthcheck | undefined, request: Healthcheck | undefined): Healthcheck | undefined {
  if (request === undefined) return image;
  const said = Object.entries(request).filter(([, value]) =>
    Array.isArray(value) ? value.length > 0 : value !== 0 && value !== undefined,
  );
  return { ...image, ...Object.fromEntries(said) };
}

/** Undefined for a container that nobody wants checked. */
export function healthPlanOf({ request, imageConfig }: Pick<ContainerRecord, 'request' | 'imageConfig'>): HealthPlan | undefined {
  const check = mergeHealthcheck(imageConfig.healthcheck, request.healthcheck);
  const [kind, ...words] = check?.test ?? [];
  if (check === undefined || (kind !== 'CMD' && kind !== 'CMD-SHELL') || words.length === 0) return undefined;
  const shell = imageConfig.shell ?? ['/bin/sh', '-c'];
  const milliseconds = (nanoseconds: number | undefined, otherwise: number): number =>
    nanoseconds === undefined || nanoseconds === 0 ? otherwise : nanoseconds / 1_000_000;
  return {
    command: kind === 'CMD' ? words : [...shell, words.join(' ')],
    intervalMs: milliseconds(check.intervalNs, 30_000),
    timeoutMs: milliseconds(check.timeoutNs, 30_000),
    startPeriodMs: milliseconds(check.startPeriodNs, 0),
    startIntervalMs: milliseconds(check.startIntervalNs, 5_000),
    retries: check.retries === undefined || check.retries === 0 ? 3 : check.retries,
  };
}
