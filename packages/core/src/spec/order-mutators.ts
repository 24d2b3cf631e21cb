import { JockerError } from '../errors/jocker-error.ts';

export interface Ordered {
  readonly name: string;
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly phase?: 'early' | 'normal' | 'late';
}

const phases = { early: 0, normal: 1, late: 2 } as const;
const phaseOf = ({ phase = 'normal' }: Ordered): number => phases[phase];

/**
 * By phase, then as they wish by `before` and `after`, then as they come. A name that is not there is no wish. Throws
 * `invalid-argument` with the names when the wishes form a circle or contradict the phases.
 */
export function inWishedOrder<T>(items: readonly T[], wishesOf: (item: T) => Ordered): readonly T[] {
  const wishes = items.map(wishesOf);
  const indexOf = new Map(wishes.map(({ name }, index) => [name, index]));
  const earlier = wishes.map(({ after = [] }) => new Set(after.flatMap((name) => indexOf.get(name) ?? [])));
  for (const [index, { before = [] }] of wishes.entries()) {
    for (const name of before) earlier[indexOf.get(name) ?? -1]?.add(index);
  }
  for (const [index, others] of earlier.entries()) {
    for (const other of others) assertPhases(wishes[other] as Ordered, wishes[index] as Ordered);
  }
  const placed = new Set<number>();
  const waiting = [...items.keys()].toSorted((left, right) => phaseOf(wishes[left] as Ordered) - phaseOf(wishes[right] as Ordered));
  while (waiting.length > 0) {
    const next = waiting.findIndex((index) => [...(earlier[index] ?? [])].every((other) => placed.has(other)));
    if (next === -1) throw circleAmong(waiting, wishes, earlier);
    for (const index of waiting.splice(next, 1)) placed.add(index);
  }
  return [...placed].map((index) => items[index] as T);
}

function assertPhases(first: Ordered, second: Ordered): void {
  if (phaseOf(first) <= phaseOf(second)) return;
  const phase = ({ phase: given = 'normal' }: Ordered): string => given;
  throw new JockerError('invalid-argument', `${first.name} (${phase(first)}) cannot come before ${second.name} (${phase(second)})`);
}

function circleAmong(waiting: readonly number[], wishes: readonly Ordered[], earlier: readonly ReadonlySet<number>[]): JockerError {
  const path: number[] = [];
  let at = waiting[0] as number;
  while (!path.includes(at)) {
    path.push(at);
    at = [...(earlier[at] ?? [])].find((other) => waiting.includes(other)) as number;
  }
  const names = [...path.slice(path.indexOf(at)), at].toReversed().map((index) => wishes[index]?.name);
  return new JockerError('invalid-argument', `they want to come before each other: ${names.join(' → ')}`);
}
