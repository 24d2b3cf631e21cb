import type { ContainerStatus } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';

/** From each status to those that may follow it. Nothing else happens to a container. */
export const transitions: Readonly<Record<ContainerStatus, readonly ContainerStatus[]>> = {
  created: ['running', 'removing'],
  running: ['paused', 'exited', 'restarting'],
  paused: ['running', 'exited', 'restarting'],
  /** Ended, and the restart policy waits to start it again. */
  restarting: ['running', 'exited', 'removing'],
  exited: ['running', 'restarting', 'removing'],
  /** Stays here when the engine is killed; the next one goes on. */
  removing: ['dead'],
  /** A removal failed half-way. */
  dead: ['removing'],
};

/** Has a process. */
export function isAlive(status: ContainerStatus): boolean {
  return status === 'running' || status === 'paused';
}

export function assertTransition(name: string, from: ContainerStatus, to: ContainerStatus): void {
  if (transitions[from].includes(to)) return;
  throw new JockerError('failed-precondition', `container ${name} is ${from} and cannot become ${to}`, {
    details: isAlive(from) || !isAlive(to) ? {} : { reason: 'not-running' },
  });
}
