import { Composition } from '../composition/composition.ts';
import { engineIdToken, eventsToken, logToken, type Contribution } from '../composition/tokens.ts';
import type { PluginDetails, PluginUsage, PluginView } from '../engine/engine.ts';
import type { LoadedPluginEntry, PluginEntry } from '../engine/engine-options.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import type { EventPayload, EventSubscriber } from '../events/lifecycle-events.ts';
import type { Logger } from '../operation/operation-context.ts';
import { inWishedOrder } from '../spec/order-mutators.ts';
import { createCircuitBreaker, type CircuitBreaker } from './circuit-breaker.ts';
import type { AdmissionRule, ExtensionPoints } from './extension-points.ts';
import { guardContribution } from './guard-contribution.ts';
import { policyOf } from './hook-policy.ts';
import { loadingOrder } from './loading-order.ts';
import {
  brokenView,
  createMember,
  createMembers,
  makeProvided,
  messageOf,
  permissionsOf,
  setUp,
  viewOf,
  type Member,
  type Offered,
} from './plugin-member.ts';
import { assertFits, assertRequirements, assertUnused, drained, orderedPoints, type UsersOf } from './plugin-rules.ts';
import { withDeadline } from './with-deadline.ts';

export interface PluginHostOptions {
  readonly entries: readonly PluginEntry[];
  readonly events: EventSubscriber & EventPublisher;
  readonly engineId: string;
  readonly dataRoot: string;
  readonly runRoot: string;
  readonly log: Logger;
  /** For a setup and for what `onClose` registered; 10 s when absent. */
  readonly timeoutMs?: number;
  /** For the operations that still use a plugin that is removed; 30 s when absent. */
  readonly drainMs?: number;
  /** Names of what was made with a driver: while there are any, it cannot be removed. */
  readonly usersOf?: UsersOf;
}

export interface PluginHost {
  readonly views: readonly PluginView[];
  /** What there is now, in the order in which it is asked. The same array until a plugin comes or goes. */
  contributions<P extends keyof ExtensionPoints>(point: P): readonly Contribution<P>[];
  inspect(name: string): PluginDetails;
  usage(): readonly PluginUsage[];
  add(entry: LoadedPluginEntry): Promise<PluginView>;
  remove(name: string): Promise<void>;
  /** An operation will go on calling these plugins: none of them is closed before it lets go. */
  use(plugins: Iterable<string>): Disposable;
  /** Throws `unavailable` when a plugin is not there without which the operator wants nothing to be created. */
  assertRequired(): void;
  /** What plugins registered with `onClose`, the last first. A failure is logged and the next one runs. */
  close(): Promise<void>;
}

const defaultTimeoutMs = 10_000;
const defaultDrainMs = 30_000;

/**
 * Sets plugins up, each in a scope of its own. One that fails is left out, whole, and stands as failed in the views; a
 * built-in one that fails fails the engine.
 */
export async function loadPlugins(options: PluginHostOptions): Promise<PluginHost> {
  const { events, log } = options;
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const root = new Composition();
  root.define(eventsToken, () => events);
  root.define(engineIdToken, () => options.engineId);
  const create = (entry: LoadedPluginEntry): Member => createMember(entry, { ...options, root });

  /** In the order of the entries, the user's before built-in ones. */
  let members: readonly Member[] = [];
  const { members: all, broken: unusable } = createMembers(options.entries, { ...options, root });
  let broken = unusable;
  /** In the order of their setup. */
  const opened: Member[] = [];
  let lists = new Map<keyof ExtensionPoints, readonly Contribution[]>();
  const changed = (next: readonly Member[]): void => {
    members = next;
    lists = new Map();
  };
  const works = (member: Member): boolean => member.error === undefined;
  const failed = (plugin: string, message: string): void => {
    log.error('a plugin was left out', { plugin, error: message });
    events.publish('plugin:failed', { plugin, message });
  };

  const close = async (closing: readonly Member[]): Promise<void> => {
    for (const member of closing.toReversed()) {
      for (const closer of member.closers.splice(0).toReversed()) {
        try {
          await withDeadline(closer(), timeoutMs, `closing plugin ${member.name}`);
        } catch (error) {
          member.scope.get(logToken).error('a plugin failed to close', { error: messageOf(error) });
        }
      }
      if (opened.includes(member)) opened.splice(opened.indexOf(member), 1);
    }
  };
  const attempt = async (member: Member, work: () => void | Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      member.error = error instanceof Error ? error : new Error(String(error));
      await close([member]);
    }
  };
  const open = async (member: Member, others: readonly Member[]): Promise<void> => {
    if (others.some(({ name }) => name === member.name))
      throw new JockerError('already-exists', `there is a plugin ${member.name} already; remove it first`);
    assertRequirements(member, others);
    opened.push(member);
    await withDeadline(setUp(member, events), timeoutMs, `the setup of plugin ${member.name}`);
    makeProvided(member);
  };
  const guard = (member: Member): void => {
    const { accounts, activity, name, entry } = member;
    member.offered = member.provided.map(({ point, value, policy }): Offered => {
      const breakers = new Map<string, CircuitBreaker>();
      const breakerOf = (method: string): CircuitBreaker => {
        const subject = { plugin: name, point, provided: value.name, method };
        const breaker = createCircuitBreaker({ now: () => performance.now(), onChange: (state, why) => turned(subject, state, why) });
        breakers.set(method, breaker);
        return breaker;
      };
      const inForce = policyOf(point, policy, entry.required);
      const guarding = { plugin: name, policy: inForce, breakerOf, accounts, activity, foreign: !entry.builtIn };
      return { point, breakers, value: guardContribution(point, value, guarding) };
    });
  };
  const turned = (subject: EventPayload<'plugin:recovered'>, state: 'closed' | 'open', message: string): void => {
    if (state === 'open') {
      log.warn('a plugin fails again and again', { ...subject, error: message });
      events.publish('plugin:suspended', { ...subject, message });
    } else events.publish('plugin:recovered', subject);
  };

  const order = loadingOrder(all.map(({ entry }) => entry));
  const inOrder = order.entries.map((entry) => all.find((member) => member.entry === entry) as Member);
  for (const [index, member] of inOrder.entries()) {
    await attempt(member, async () => {
      const circle = order.circles.get(member.entry);
      if (circle !== undefined) throw new JockerError('invalid-argument', `plugins require each other in a circle: ${circle}`);
      await open(member, inOrder.slice(0, index));
    });
  }
  // Built-in names first: a plugin that takes one is at fault, not the built-in one.
  const accepted: Member[] = [];
  for (const member of inOrder.toSorted((left, right) => Number(right.entry.builtIn) - Number(left.entry.builtIn))) {
    if (!works(member)) continue;
    await attempt(member, () => {
      assertRequirements(member, inOrder);
      assertFits(member, accepted);
      guard(member);
      accepted.push(member);
    });
  }
  const fatal = all.find((member) => member.entry.builtIn && !works(member));
  if (fatal !== undefined) {
    await close([...opened]);
    throw new JockerError('internal', `the built-in plugin ${fatal.name} failed: ${messageOf(fatal.error)}`, { cause: fatal.error });
  }
  for (const { broken: why } of broken) failed(why.name, why.error.message);
  for (const member of all) if (member.error !== undefined) failed(member.name, member.error.message);
  changed(all);

  let turn: Promise<unknown> = Promise.resolve();
  /** One change at a time. */
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return await mine;
  };
  const add = async (entry: LoadedPluginEntry): Promise<PluginView> => {
    const member = create(entry);
    const others = members.filter(works);
    try {
      await open(member, others);
      assertFits(member, others);
    } catch (error) {
      await close([member]);
      throw error;
    }
    guard(member);
    broken = broken.filter((each) => each.broken.name !== member.name);
    const kept = members.filter(({ name }) => name !== member.name);
    const firstBuiltIn = kept.findIndex((each) => each.entry.builtIn);
    changed(firstBuiltIn === -1 ? [...kept, member] : kept.toSpliced(firstBuiltIn, 0, member));
    events.publish('plugin:added', { plugin: member.name, version: viewOf(member).version });
    return viewOf(member);
  };
  const remove = async (name: string): Promise<void> => {
    const member = members.find((each) => each.name === name);
    if (member === undefined) {
      if (!broken.some((each) => each.broken.name === name)) throw new JockerError('not-found', `there is no plugin ${name}`);
      broken = broken.filter((each) => each.broken.name !== name);
      events.publish('plugin:removed', { plugin: name });
      return;
    }
    if (member.entry.builtIn) throw new JockerError('failed-precondition', `plugin ${name} is built in and cannot be removed`);
    const dependants = members.filter((each) => works(each) && each.entry.plugin.requires?.includes(name) === true);
    if (dependants.length > 0) {
      const names = dependants.map((each) => each.name).join(', ');
      throw new JockerError('failed-precondition', `plugin ${name} cannot be removed: it is required by ${names}`);
    }
    assertUnused(member, options.usersOf);
    const before = members;
    changed(members.filter((each) => each !== member));
    try {
      await drained(member, options.drainMs ?? defaultDrainMs);
      // An operation that was on its way may have made something with it.
      assertUnused(member, options.usersOf);
    } catch (error) {
      changed(before);
      throw error;
    }
    await close([member]);
    events.publish('plugin:removed', { plugin: name });
  };

  return {
    get views() {
      return [...broken.map(brokenView), ...members.map(viewOf)];
    },
    contributions<P extends keyof ExtensionPoints>(point: P): readonly Contribution<P>[] {
      let list = lists.get(point);
      if (list === undefined) {
        list = contributionsOf(point, members.filter(works));
        lists.set(point, list);
      }
      return list as readonly Contribution<P>[];
    },
    inspect(name) {
      const member = members.find((each) => each.name === name);
      if (member !== undefined) return detailsOf(member);
      const why = broken.find((each) => each.broken.name === name);
      if (why === undefined) throw new JockerError('not-found', `there is no plugin ${name}`);
      return { ...brokenView(why), apiVersion: null, requires: [], options: null, usage: [] };
    },
    usage: () => members.flatMap(usageOf).toSorted((left, right) => right.totalMs - left.totalMs),
    add: async (entry) => await inTurn(async () => await add(entry)),
    remove: async (name) => await inTurn(async () => await remove(name)),
    use(plugins) {
      const names = new Set(plugins);
      const used = members.filter(({ name }) => names.has(name));
      for (const member of used) member.uses += 1;
      return {
        [Symbol.dispose]: () => {
          for (const member of used.splice(0)) member.uses -= 1;
        },
      };
    },
    assertRequired() {
      const missing = [...broken.map(brokenView), ...members.filter((member) => !works(member)).map(viewOf)].find(
        ({ required }) => required === true,
      );
      if (missing === undefined) return;
      throw new JockerError('unavailable', `the required plugin ${missing.name} is not there: ${missing.error ?? ''}`, {
        details: { plugin: missing.name },
      });
    },
    close: async () => await close([...opened]),
  };
}

function contributionsOf(point: keyof ExtensionPoints, members: readonly Member[]): readonly Contribution[] {
  const list = members.flatMap((member) =>
    member.offered
      .filter((offered) => offered.point === point)
      .map(({ value }): Contribution => ({ plugin: member.name, value, permissions: permissionsOf(member.entry) })),
  );
  return orderedPoints.includes(point) ? inWishedOrder(list, ({ value }) => value as AdmissionRule) : list;
}

function detailsOf(member: Member): PluginDetails {
  const { apiVersion = null, requires = [], options = null } = member.entry.plugin;
  return {
    ...viewOf(member),
    apiVersion,
    requires,
    options: options === null ? null : structuredCloneJson(options),
    usage: usageOf(member),
  };
}

/** A schema has symbols that are TypeBox's own. */
const structuredCloneJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function usageOf(member: Member): readonly PluginUsage[] {
  return member.accounts.list().map((account) => {
    const offered = member.offered.find(({ point, value }) => point === account.point && value.name === account.name);
    return { ...account, plugin: member.name, breaker: offered?.breakers.get(account.method)?.state ?? 'closed' };
  });
}
