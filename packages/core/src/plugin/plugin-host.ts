import { join } from 'node:path';
import { Composition } from '../composition/composition.ts';
import { directoriesToken, engineIdToken, eventsToken, logToken, points, type Contribution } from '../composition/tokens.ts';
import type { PluginView } from '../engine/engine.ts';
import type { PluginEntry } from '../engine/engine-options.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { EventSubscriber } from '../events/lifecycle-events.ts';
import type { Logger } from '../operation/operation-context.ts';
import type { ExtensionPoints } from './extension-points.ts';
import { loadingOrder } from './loading-order.ts';
import type { PluginContext } from './plugin.ts';
import { withDeadline } from './with-deadline.ts';

export interface PluginHostOptions {
  readonly entries: readonly PluginEntry[];
  readonly events: EventSubscriber;
  readonly engineId: string;
  readonly dataRoot: string;
  readonly runRoot: string;
  readonly log: Logger;
  readonly timeoutMs?: number;
}

export interface PluginHost {
  readonly views: readonly PluginView[];
  /** In the order of the entries. */
  contributions<P extends keyof ExtensionPoints>(point: P): readonly Contribution<P>[];
  /** What plugins registered with `onClose`, the last first. A failure is logged and the next one runs. */
  close(): Promise<void>;
}

type Provided = { readonly [P in keyof ExtensionPoints]: { readonly point: P; readonly value: ExtensionPoints[P] } }[keyof ExtensionPoints];
type Close = () => void | Promise<void>;

interface Loading {
  readonly entry: PluginEntry;
  readonly scope: Composition;
  readonly offers: (() => Provided)[];
  readonly closers: Close[];
  provided: readonly Provided[];
  error: Error | undefined;
}

const defaultTimeoutMs = 10_000;

/**
 * Sets plugins up, each in a scope of its own. One that fails is left out, whole, and stands as failed in the views; a
 * built-in one that fails fails the engine.
 */
export async function loadPlugins(options: PluginHostOptions): Promise<PluginHost> {
  const root = new Composition();
  root.define(eventsToken, () => options.events);
  root.define(engineIdToken, () => options.engineId);
  const all = options.entries.map((entry) => begin(entry, root, options));
  const inOrder = loadingOrder(options.entries).map((entry) => all.find((loading) => loading.entry === entry) as Loading);
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;

  const close = async (loadings: readonly Loading[]): Promise<void> => {
    for (const loading of loadings.toReversed()) {
      for (const closer of loading.closers.splice(0).toReversed()) {
        try {
          await withDeadline(closer(), timeoutMs, `closing plugin ${nameOf(loading)}`);
        } catch (error) {
          loading.scope.get(logToken).error('a plugin failed to close', { error: messageOf(error) });
        }
      }
    }
  };
  const attempt = async (loading: Loading, work: () => void | Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      loading.error = error instanceof Error ? error : new Error(String(error));
      loading.scope.get(logToken).error('a plugin was left out', { error: loading.error.message });
      await close([loading]);
    }
  };

  const names = new Map<string, Loading>();
  for (const loading of inOrder) {
    await attempt(loading, async () => {
      if (names.has(nameOf(loading))) throw new JockerError('already-exists', `there are two plugins called ${nameOf(loading)}`);
      names.set(nameOf(loading), loading);
      assertRequirements(loading, names);
      await withDeadline(setUp(loading), timeoutMs, `the setup of plugin ${nameOf(loading)}`);
      loading.provided = loading.offers.map((offer) => offer());
    });
  }
  // Built-in names first: a plugin that takes one is at fault, not the built-in one.
  const owners = new Map<string, string>();
  for (const loading of inOrder.toSorted((left, right) => Number(right.entry.builtIn) - Number(left.entry.builtIn))) {
    if (loading.error !== undefined) continue;
    await attempt(loading, () => {
      assertRequirements(loading, names);
      claimNames(loading, owners);
    });
  }
  const broken = all.find((loading) => loading.entry.builtIn && loading.error !== undefined);
  if (broken !== undefined) {
    await close(inOrder);
    throw new JockerError('internal', `the built-in plugin ${nameOf(broken)} failed: ${messageOf(broken.error)}`, { cause: broken.error });
  }
  for (const loading of all) if (loading.error === undefined) contribute(root, loading);

  return {
    views: all.map(toView),
    contributions: (point) => root.all(points[point]),
    close: () => close(inOrder),
  };
}

const nameOf = (loading: Loading): string => loading.entry.plugin.name;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function begin(entry: PluginEntry, root: Composition, options: PluginHostOptions): Loading {
  const { name, setup } = entry.plugin as { name: unknown; setup: unknown };
  if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9@/._-]*$/.test(name) || typeof setup !== 'function') {
    throw new JockerError(
      'invalid-argument',
      `a plugin has a name (letters, digits and -_./@) and a setup function, and ${JSON.stringify(name)} does not`,
    );
  }
  const scope = root.child();
  scope.define(logToken, () => prefixed(options.log, name));
  scope.define(directoriesToken, () => ({
    dataRoot: options.dataRoot,
    runRoot: options.runRoot,
    pluginData: join(options.dataRoot, 'plugins', name.replaceAll('/', '+')),
  }));
  return { entry, scope, offers: [], closers: [], provided: [], error: undefined };
}

function prefixed(log: Logger, plugin: string): Logger {
  const at =
    (level: keyof Logger) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void =>
      log[level](message, { plugin, ...fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function assertRequirements(loading: Loading, loaded: ReadonlyMap<string, Loading>): void {
  for (const name of loading.entry.plugin.requires ?? []) {
    const required = loaded.get(name);
    if (required === undefined)
      throw new JockerError('failed-precondition', `plugin ${nameOf(loading)} requires ${name}, which is not there`);
    if (required.error !== undefined)
      throw new JockerError('failed-precondition', `plugin ${nameOf(loading)} requires ${name}, which failed`);
  }
}

async function setUp(loading: Loading): Promise<void> {
  const { scope, offers, closers } = loading;
  const context: PluginContext = {
    log: scope.get(logToken),
    events: scope.get(eventsToken),
    directories: scope.get(directoriesToken),
    engineId: scope.get(engineIdToken),
    provide(point, create) {
      if (!Object.hasOwn(points, point)) throw new JockerError('invalid-argument', `there is no extension point ${point}`);
      offers.push(() => ({ point, value: create() }) as Provided);
    },
    onClose: (close) => void closers.push(close),
  };
  await (loading.entry.plugin.setup as (context: PluginContext, options: unknown) => void | Promise<void>)(context, loading.entry.options);
}

function claimNames(loading: Loading, owners: Map<string, string>): void {
  for (const { point, value } of loading.provided) {
    const { name } = value as { name: unknown };
    if (typeof name !== 'string' || name === '')
      throw new JockerError('invalid-argument', `plugin ${nameOf(loading)} provides a ${point} without a name`);
    const key = `${point} ${name}`;
    const owner = owners.get(key);
    if (owner !== undefined) throw new JockerError('already-exists', `${key} of plugin ${nameOf(loading)} is provided by ${owner} already`);
    owners.set(key, nameOf(loading));
  }
}

function contribute(root: Composition, loading: Loading): void {
  const plugin = nameOf(loading);
  const define = <P extends keyof ExtensionPoints>(point: P, value: ExtensionPoints[P]): void =>
    root.define(points[point], () => ({ plugin, value }));
  for (const { point, value } of loading.provided) define(point, value as never);
}

function toView({ entry, error, provided }: Loading): PluginView {
  return {
    name: entry.plugin.name,
    version: entry.plugin.version ?? '',
    builtIn: entry.builtIn,
    state: error === undefined ? 'loaded' : 'failed',
    error: error?.message ?? null,
    provides: error === undefined ? provided.map(({ point, value }) => ({ point, name: value.name })) : [],
  };
}
