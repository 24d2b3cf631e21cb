import { join } from 'node:path';
import type { Composition } from '../composition/composition.ts';
import { directoriesToken, engineIdToken, eventsToken, logToken } from '../composition/tokens.ts';
import type { PluginView } from '../engine/engine.ts';
import type { BrokenPluginEntry, LoadedPluginEntry, PluginEntry } from '../engine/engine-options.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import type { EventSubscriber } from '../events/lifecycle-events.ts';
import type { Logger } from '../operation/operation-context.ts';
import type { SpecPermission } from '../spec/spec-permissions.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { ExtensionPoints } from './extension-points.ts';
import { hooks, type HookPolicy } from './hook-policy.ts';
import { createPluginAccounts, type PluginAccounts } from './plugin-accounts.ts';
import { parsePluginOptions } from './plugin-options.ts';
import { pluginApiVersion, type PluginContext, type SupervisedContext } from './plugin.ts';

export type Provided = {
  readonly [P in keyof ExtensionPoints]: { readonly point: P; readonly value: ExtensionPoints[P]; readonly policy: HookPolicy };
}[keyof ExtensionPoints];

/** A contribution as the engine uses it: guarded. */
export interface Offered {
  readonly point: keyof ExtensionPoints;
  readonly value: ExtensionPoints[keyof ExtensionPoints];
  /** By method. */
  readonly breakers: ReadonlyMap<string, CircuitBreaker>;
}

/** One plugin of an engine and all that belongs to it. */
export interface Member {
  readonly name: string;
  readonly entry: LoadedPluginEntry;
  readonly scope: Composition;
  readonly offers: (() => Provided)[];
  readonly closers: (() => void | Promise<void>)[];
  readonly accounts: PluginAccounts;
  /** Calls that have not ended. */
  readonly activity: { running: number };
  /** Operations that will call it again. */
  uses: number;
  provided: readonly Provided[];
  offered: readonly Offered[];
  error: Error | undefined;
  /** Why its process cannot answer for the moment. */
  down: string | undefined;
}

export interface MemberOptions {
  readonly root: Composition;
  readonly dataRoot: string;
  readonly runRoot: string;
  readonly log: Logger;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const isBroken = (entry: PluginEntry): entry is BrokenPluginEntry => 'broken' in entry;
export const permissionsOf = ({ plugin, permissions }: LoadedPluginEntry): readonly SpecPermission[] =>
  (plugin.permissions ?? []).filter((each) => permissions === undefined || permissions.includes(each));

export function createMember(entry: LoadedPluginEntry, options: MemberOptions): Member {
  const { name, setup } = entry.plugin as { name: unknown; setup: unknown };
  if (typeof name !== 'string' || !/^@?[A-Za-z0-9][A-Za-z0-9@/._-]*$/.test(name) || typeof setup !== 'function') {
    throw new JockerError(
      'invalid-argument',
      `a plugin has a name (letters, digits and -_./@) and a setup function, and ${JSON.stringify(name)} does not`,
    );
  }
  const scope = options.root.child();
  scope.define(logToken, () => prefixed(options.log, name));
  scope.define(directoriesToken, () => ({
    dataRoot: options.dataRoot,
    runRoot: options.runRoot,
    pluginData: join(options.dataRoot, 'plugins', name.replaceAll('/', '+')),
  }));
  return {
    name,
    entry,
    scope,
    offers: [],
    closers: [],
    accounts: createPluginAccounts(),
    activity: { running: 0 },
    uses: 0,
    provided: [],
    offered: [],
    error: undefined,
    down: undefined,
  };
}

/** One of the user's that is no plugin at all is broken like one that could not be loaded. */
export function createMembers(
  entries: readonly PluginEntry[],
  options: MemberOptions,
): { readonly members: readonly Member[]; readonly broken: readonly BrokenPluginEntry[] } {
  const members: Member[] = [];
  const broken: BrokenPluginEntry[] = [];
  for (const entry of entries) {
    if (isBroken(entry)) {
      broken.push(entry);
      continue;
    }
    try {
      members.push(createMember(entry, options));
    } catch (error) {
      if (entry.builtIn) throw error;
      const { plugin, ...setting } = entry;
      broken.push({ ...setting, broken: { name: entry.source ?? String(plugin.name), error: error as Error } });
    }
  }
  return { members, broken };
}

function prefixed(log: Logger, plugin: string): Logger {
  const at =
    (level: keyof Logger) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void =>
      log[level](message, { plugin, ...fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Runs the plugin's `setup`; what it provides is made by `makeProvided`. */
export async function setUp(member: Member, publisher: EventPublisher): Promise<void> {
  const { name, entry, scope, offers, closers } = member;
  const { plugin } = entry;
  if (plugin.apiVersion !== undefined && plugin.apiVersion !== pluginApiVersion) {
    throw new JockerError(
      'unsupported',
      `plugin ${name} is made for version ${plugin.apiVersion} of the plugin API, and this engine has version ${pluginApiVersion}`,
    );
  }
  const options = await parsePluginOptions(name, plugin.options, entry.options);
  const context: SupervisedContext = {
    log: scope.get(logToken),
    events: untilClosed(scope.get(eventsToken), closers),
    directories: scope.get(directoriesToken),
    engineId: scope.get(engineIdToken),
    provide(point, create, policy = {}) {
      if (!Object.hasOwn(hooks, point)) throw new JockerError('invalid-argument', `there is no extension point ${point}`);
      offers.push(() => ({ point, value: create(), policy }) as Provided);
    },
    onClose: (close) => void closers.push(close),
    failed(message) {
      member.down = message;
      context.log.error('the process of a plugin failed', { error: message });
      publisher.publish('plugin:failed', { plugin: name, message });
    },
    restarted() {
      member.down = undefined;
      publisher.publish('plugin:restarted', { plugin: name });
    },
  };
  await (plugin.setup as (context: PluginContext, options: unknown) => void | Promise<void>)(context, options);
}

export function makeProvided(member: Member): void {
  member.provided = member.offers.map((offer) => offer());
  for (const { point, value } of member.provided) {
    const { name } = (value ?? {}) as { name?: unknown };
    if (typeof name !== 'string' || name === '')
      throw new JockerError('invalid-argument', `plugin ${member.name} provides a ${point} without a name`);
  }
}

/** Listeners of a plugin end with it. */
function untilClosed(events: EventSubscriber, closers: (() => void)[]): EventSubscriber {
  const kept = (subscription: Disposable): Disposable => {
    closers.push(() => subscription[Symbol.dispose]());
    return subscription;
  };
  return {
    on: (name, listener) => kept(events.on(name, listener)),
    onAny: (listener) => kept(events.onAny(listener)),
  };
}

export function viewOf({ name, entry, error, down, provided, offered }: Member): PluginView {
  const failing = offered.flatMap(({ breakers }) => [...breakers.values()]).find((breaker) => breaker.state !== 'closed');
  return {
    ...settingsIn(entry),
    name,
    version: entry.plugin.version ?? entry.version ?? '',
    state: error !== undefined ? 'failed' : down === undefined && failing === undefined ? 'loaded' : 'suspended',
    error: error?.message ?? down ?? failing?.reason ?? null,
    provides: error === undefined ? provided.map(({ point, value }) => ({ point, name: value.name })) : [],
    permissions: permissionsOf(entry),
  };
}

export function brokenView({ broken, ...entry }: BrokenPluginEntry): PluginView {
  return {
    ...settingsIn(entry),
    name: broken.name,
    version: '',
    state: 'failed',
    error: broken.error.message,
    provides: [],
    permissions: [],
  };
}

function settingsIn(entry: Omit<BrokenPluginEntry, 'broken'>): Pick<PluginView, 'builtIn' | 'required' | 'isolation' | 'source'> {
  return { builtIn: entry.builtIn, required: entry.required ?? null, isolation: entry.isolation ?? 'none', source: entry.source ?? '' };
}
