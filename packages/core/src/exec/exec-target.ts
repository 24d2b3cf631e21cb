import type { ContainerStatus } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { ContainerSubject } from '../events/lifecycle-events.ts';
import type { OciProcess } from '../oci/runtime-spec.ts';
import type { BundleLocation, RuntimeBackend } from '../runtime/runtime-backend.ts';

/** What an exec needs to know of its container, as it is now. */
export interface ExecTarget {
  readonly subject: ContainerSubject;
  readonly status: ContainerStatus;
  readonly pid: number;
  readonly location: BundleLocation;
  readonly runtime: RuntimeBackend;
  /** The main process of its spec. */
  readonly process: OciProcess;
}

export function assertRunning({ status, subject }: ExecTarget): void {
  if (status === 'running') return;
  const details = { reason: 'not-running' };
  if (status === 'paused') {
    throw new JockerError('failed-precondition', `container ${subject.name} is paused, unpause the container before exec`, { details });
  }
  throw new JockerError('failed-precondition', `container ${subject.name} is not running`, { details });
}
