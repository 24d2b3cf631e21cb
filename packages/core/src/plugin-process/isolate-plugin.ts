import type { ChildProcess } from 'node:child_process';
import type { ExtensionPoints } from '../plugin/extension-points.ts';
import type { HookPolicy } from '../plugin/hook-policy.ts';
import type { Plugin, SupervisedContext } from '../plugin/plugin.ts';
import { withDeadline } from '../plugin/with-deadline.ts';
import { openProcess, type PluginProcess } from './plugin-process.ts';
import { proxyOf } from './proxy-contribution.ts';
import { supervise } from './supervise.ts';

export interface IsolatePluginOptions {
  /** For messages, until its own name is known. */
  readonly name: string;
  /** Starts a process that calls `servePlugin`, with an IPC channel of `serialization: 'advanced'`. */
  readonly fork: () => ChildProcess;
}

export interface RemoteContribution {
  readonly point: keyof ExtensionPoints;
  readonly policy: HookPolicy | undefined;
  /** Functions of the process, and data. */
  readonly value: Readonly<Record<string, unknown>> & { readonly name: string };
}

const startTimeoutMs = 10_000;

/**
 * A plugin whose code runs in a process of its own, with the same contracts: the engine calls it over a channel. A process
 * that ends or no longer listens fails the calls that are on their way and is started again.
 */
export async function isolatePlugin({ name, fork }: IsolatePluginOptions): Promise<Plugin> {
  const manifest = await readManifest(name, fork);
  return {
    ...manifest,
    async setup(given, options?: unknown) {
      const context = given as SupervisedContext;
      const { engineId, directories } = context;
      const supervisor = await supervise({
        name: manifest.name,
        context,
        async open() {
          const opened = openProcess(fork(), { name: manifest.name, log: context.log, events: context.events });
          try {
            const setup = opened.channel.call('setup', { options, engineId, directories });
            const list = (await withDeadline(
              setup,
              startTimeoutMs,
              `the setup of plugin ${manifest.name}`,
            )) as readonly RemoteContribution[];
            return { process: opened, contributions: new Map(list.map((each) => [keyOf(each), each])) };
          } catch (error) {
            opened.kill();
            throw error;
          }
        },
      });
      for (const contribution of supervisor.first.values()) {
        const { point, policy } = contribution;
        const current = async (): Promise<RemoteContribution['value'] | undefined> =>
          (await supervisor.current()).get(keyOf(contribution))?.value;
        context.provide(point, () => proxyOf(contribution, current) as never, policy);
      }
    },
  };
}

const keyOf = ({ point, value }: RemoteContribution): string => `${point} ${value.name}`;

async function readManifest(name: string, fork: () => ChildProcess): Promise<Omit<Plugin, 'setup' | 'options'>> {
  const opened: PluginProcess = openProcess(fork(), { name });
  try {
    const manifest = withDeadline(opened.channel.call('manifest'), startTimeoutMs, `loading plugin ${name}`);
    return (await manifest) as Omit<Plugin, 'setup' | 'options'>;
  } finally {
    opened.kill();
  }
}
