import { describe, expect, test } from 'vitest';
import type { ContainerStatus } from '../engine/engine.ts';
import { assertTransition, transitions } from './container-state.ts';

const all = Object.keys(transitions) as ContainerStatus[];
const allowed = new Set([
  'created → running',
  'created → removing',
  'running → paused',
  'running → exited',
  'running → restarting',
  'paused → running',
  'paused → exited',
  'paused → restarting',
  'restarting → running',
  'restarting → exited',
  'restarting → removing',
  'exited → running',
  'exited → restarting',
  'exited → removing',
  'removing → dead',
  'dead → removing',
]);

describe('a container', () => {
  test.each(all.flatMap((from) => all.map((to) => [from, to] as const)))('%s may become %s only if the table says so', (from, to) => {
    const attempt = (): void => assertTransition('web', from, to);
    if (allowed.has(`${from} → ${to}`)) attempt();
    else expect(attempt).toThrow(`container web is ${from} and cannot become ${to}`);
  });

  test.each(all)('that is %s can get away from it', (status) => {
    const reached = new Set<ContainerStatus>([status]);
    for (const each of reached) for (const next of transitions[each]) reached.add(next);
    expect(reached.has('removing')).toBe(true);
  });
});
