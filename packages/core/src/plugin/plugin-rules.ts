import { JockerError } from '../errors/jocker-error.ts';
import { inWishedOrder } from '../spec/order-mutators.ts';
import type { AdmissionRule, ExtensionPoints } from './extension-points.ts';
import type { Member } from './plugin-member.ts';

/** Names of what was made with a driver. */
export type UsersOf = (point: keyof ExtensionPoints, name: string) => readonly string[];

/** Points whose contributions have wishes for their order. */
export const orderedPoints: readonly (keyof ExtensionPoints)[] = ['specMutator', 'admissionRule'];
const drainPollMs = 10;

/** Whether the plugins that it requires are there and work. */
export function assertRequirements(member: Member, others: readonly Member[]): void {
  for (const name of member.entry.plugin.requires ?? []) {
    const required = others.find((other) => other.name === name);
    if (required === undefined) throw new JockerError('failed-precondition', `plugin ${member.name} requires ${name}, which is not there`);
    if (required.error !== undefined) throw new JockerError('failed-precondition', `plugin ${member.name} requires ${name}, which failed`);
  }
}

/** Whether its names are free, and its wishes for an order can be met. */
export function assertFits(member: Member, others: readonly Member[]): void {
  const owners = new Map<string, string>(
    others.flatMap((other) => other.provided.map(({ point, value }) => [`${point} ${value.name}`, other.name] as const)),
  );
  for (const { point, value } of member.provided) {
    const key = `${point} ${value.name}`;
    const owner = owners.get(key);
    if (owner !== undefined) throw new JockerError('already-exists', `${key} of plugin ${member.name} is provided by ${owner} already`);
    owners.set(key, member.name);
  }
  for (const point of orderedPoints) {
    const values = [member, ...others].flatMap(({ provided }) => provided.filter((each) => each.point === point).map(({ value }) => value));
    inWishedOrder(values, (value) => value as AdmissionRule);
  }
}

/** Whether nothing is left that was made with its drivers. */
export function assertUnused(member: Member, usersOf: UsersOf | undefined): void {
  for (const { point, value } of member.provided) {
    const users = usersOf?.(point, value.name) ?? [];
    if (users.length === 0) continue;
    const some = users.length > 5 ? `${users.slice(0, 5).join(', ')} and ${users.length - 5} more` : users.join(', ');
    throw new JockerError('failed-precondition', `plugin ${member.name} cannot be removed: ${point} ${value.name} is used by ${some}`, {
      details: { reason: 'in-use' },
    });
  }
}

/** Resolves when no call of it runs and no operation will make another. */
export async function drained(member: Member, limitMs: number): Promise<void> {
  for (const giveUp = performance.now() + limitMs; member.uses > 0 || member.activity.running > 0;) {
    if (performance.now() > giveUp) {
      throw new JockerError('failed-precondition', `plugin ${member.name} cannot be removed: operations still use it`, {
        details: { reason: 'in-use' },
      });
    }
    await new Promise((resolve) => setTimeout(resolve, drainPollMs));
  }
}
