import type { ContainerView } from '@jocker/protocol';
import { ago, humanDuration } from './human.ts';

/** docker's STATUS: `Up 3 minutes (Paused)`, `Exited (1) 2 hours ago`. */
export function containerStatus(view: ContainerView, now: number = Date.now()): string {
  const up = (): string => `Up ${humanDuration(now - Date.parse(view.startedAt ?? view.createdAt))}`;
  switch (view.status) {
    case 'created':
      return 'Created';
    case 'running':
      return view.health === null ? up() : `${up()} (${view.health === 'starting' ? 'health: starting' : view.health})`;
    case 'paused':
      return `${up()} (Paused)`;
    case 'restarting':
      return `Restarting (${view.exitCode ?? 0}) ${ago(view.finishedAt ?? view.createdAt, now)}`;
    case 'exited':
      return `Exited (${view.exitCode ?? 0}) ${ago(view.finishedAt ?? view.createdAt, now)}`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
  }
}
