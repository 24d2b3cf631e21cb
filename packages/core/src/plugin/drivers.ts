import type { VolumeDriver } from '../volume/volume-driver.ts';
import type { NetworkDriver } from '../network/network-driver.ts';
import type { EngineInfo } from '../engine/engine.ts';
import { JockerError } from '../errors/jocker-error.ts';
import type { Usability } from '../operation/operation-context.ts';
import type { RuntimeBackend } from '../runtime/runtime-backend.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';
import type { PluginHost } from './plugin-host.ts';

/** A driver with the name of the plugin that brought it, for stages and errors. */
export interface Driver<T> {
  readonly plugin: string;
  readonly value: T;
}

/** Drivers of one kind, chosen by name; each is asked once whether it works here. */
export interface DriverSet<T> {
  /** By name; without one the default: what the config says, else the first that is usable. Throws when it cannot be used. */
  choose(name?: string): Promise<Driver<T>>;
  /** One that something was made with, usable or not. Throws `failed-precondition` when no plugin provides it any more. */
  byName(name: string): Driver<T>;
  /** All that are usable, in order. */
  usable(): Promise<readonly Driver<T>[]>;
  describe(): Promise<EngineInfo['runtimes']>;
}

interface Named {
  readonly name: string;
  probe(): Promise<Usability>;
}

export interface Drivers {
  readonly runtimes: DriverSet<RuntimeBackend>;
  readonly snapshotters: DriverSet<Snapshotter>;
  readonly networks: DriverSet<NetworkDriver>;
  readonly volumes: DriverSet<VolumeDriver>;
}

export function createDrivers(
  host: PluginHost,
  defaults: { readonly runtime?: string | undefined; readonly snapshotter?: string | undefined },
): Drivers {
  return {
    runtimes: createDriverSet(
      'runtime',
      () => host.contributions('runtimeBackend'),
      defaults.runtime,
      async (runtime) => await runtime.version(),
    ),
    snapshotters: createDriverSet(
      'snapshotter',
      () => host.contributions('snapshotter'),
      defaults.snapshotter,
      () => Promise.resolve(''),
    ),
    networks: createDriverSet(
      'network driver',
      () => host.contributions('networkDriver'),
      undefined,
      () => Promise.resolve(''),
    ),
    volumes: createDriverSet(
      'volume driver',
      () => host.contributions('volumeDriver'),
      undefined,
      () => Promise.resolve(''),
    ),
  };
}

function createDriverSet<T extends Named>(
  kind: string,
  list: () => readonly Driver<T>[],
  preferred: string | undefined,
  detailOf: (driver: T) => Promise<string>,
): DriverSet<T> {
  let probes = new WeakMap<T, Promise<Usability>>();
  let byDefault: Promise<Driver<T>> | undefined;
  let known: readonly Driver<T>[] | undefined;
  /** As plugins come and go. The default is looked for again then; nobody is asked twice. */
  const current = (): readonly Driver<T>[] => {
    const now = list();
    if (now !== known) byDefault = undefined;
    known = now;
    return now;
  };

  const probe = ({ value }: Driver<T>): Promise<Usability> => {
    const answered = probes.get(value);
    if (answered !== undefined) return answered;
    const asked = value
      .probe()
      .catch((error: unknown): Usability => ({ usable: false, reason: error instanceof Error ? error.message : String(error) }));
    probes.set(value, asked);
    return asked;
  };
  const find = (name: string): Driver<T> | undefined => current().find(({ value }) => value.name === name);
  const named = async (name: string): Promise<Driver<T>> => {
    const driver = find(name);
    if (driver === undefined) {
      throw new JockerError(
        'invalid-argument',
        `there is no ${kind} ${name}; there are ${
          list()
            .map(({ value }) => value.name)
            .join(', ') || 'none'
        }`,
      );
    }
    const usability = await probe(driver);
    if (!usability.usable) throw new JockerError('failed-precondition', `the ${kind} ${name} cannot be used: ${usability.reason}`);
    return driver;
  };
  const usable = async (): Promise<readonly Driver<T>[]> => {
    const all = current();
    const answers = await Promise.all(all.map(probe));
    return all.filter((_, index) => answers[index]?.usable === true);
  };
  const first = async (): Promise<Driver<T>> => {
    const all = current();
    for (const driver of all) if ((await probe(driver)).usable) return driver;
    const reasons = await Promise.all(all.map(async (driver) => `${driver.value.name}: ${reasonOf(await probe(driver))}`));
    throw new JockerError('failed-precondition', `no ${kind} can be used here (${reasons.join('; ') || 'no plugin provides one'})`);
  };
  const standard = (): Promise<Driver<T>> => {
    current();
    if (byDefault !== undefined) return byDefault;
    const chosen = preferred === undefined ? first() : named(preferred);
    byDefault = chosen;
    // A failure is not kept: what was missing may have been installed.
    chosen.catch(() => {
      if (byDefault === chosen) byDefault = undefined;
      probes = new WeakMap();
    });
    return chosen;
  };

  return {
    choose: (name) => (name === undefined ? standard() : named(name)),
    byName(name) {
      const driver = find(name);
      if (driver === undefined) throw new JockerError('failed-precondition', `no plugin provides the ${kind} ${name} any more`);
      return driver;
    },
    usable,
    async describe() {
      const chosen = await standard().catch(() => undefined);
      return await Promise.all(
        current().map(async (driver) => {
          const usability = await probe(driver);
          const isDefault = driver === chosen;
          const { name } = driver.value;
          if (!usability.usable) return { name, usable: false, detail: usability.reason, isDefault };
          return { name, usable: true, detail: usability.detail ?? (await detailOf(driver.value).catch(() => '')), isDefault };
        }),
      );
    },
  };
}

const reasonOf = (usability: Usability): string => (usability.usable ? '' : usability.reason);
