import type { EventEnvelope, EventName, EventPayload, EventSubscriber } from '../events/lifecycle-events.ts';
import type { Logger } from '../operation/operation-context.ts';
import type { OciSpec } from '../oci/runtime-spec.ts';
import { parsePluginOptions } from '../plugin/plugin-options.ts';
import type { EngineDirectories, Plugin } from '../plugin/plugin.ts';
import type { SpecInput, SpecMutator } from '../spec/spec-mutator.ts';
import { createRemoteChannel, type RemoteChannel, type RemoteMessage } from './remote-channel.ts';
import { membersOf } from './remote-values.ts';

export interface ProcessSetup {
  readonly options: unknown;
  readonly engineId: string;
  readonly directories: EngineDirectories;
}

/** The half of a plugin's own process. The plugin sees the same context as in the engine's process. */
export function servePlugin(loading: Promise<Plugin>, send: (message: RemoteMessage) => void): RemoteChannel {
  const closers: (() => void | Promise<void>)[] = [];
  const listeners = new Set<(envelope: EventEnvelope) => void>();
  const tell = (name: string, ...given: readonly unknown[]): void => {
    channel.call(name, ...given).catch(() => undefined);
  };
  const at =
    (level: keyof Logger) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void =>
      tell('log', level, message, fields);
  const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const listen = (listener: (envelope: EventEnvelope) => void): Disposable => {
    if (listeners.size === 0) tell('listen');
    listeners.add(listener);
    return { [Symbol.dispose]: () => void listeners.delete(listener) };
  };
  const events: EventSubscriber = {
    on: (name: EventName, listener: (event: never, envelope: EventEnvelope) => void) =>
      listen((envelope) => {
        if (envelope.name === name) listener(envelope.event as EventPayload<typeof name> as never, envelope);
      }),
    onAny: (listener) => listen(listener),
  };

  const channel = createRemoteChannel({
    send,
    log,
    offers: {
      async manifest() {
        const { name, version, apiVersion, requires, permissions } = await loading;
        return { name, version, apiVersion, requires, permissions };
      },
      async setup({ options, engineId, directories }: ProcessSetup) {
        const plugin = (await loading) as Plugin<unknown>;
        const offers: (() => unknown)[] = [];
        await plugin.setup(
          {
            log,
            events,
            directories,
            engineId,
            provide: (point: string, create: () => object, policy: unknown) =>
              void offers.push(() => ({ point, policy, value: portable(point, create()) })),
            onClose: (close: () => void | Promise<void>) => void closers.push(close),
          },
          await parsePluginOptions(plugin.name, plugin.options, options),
        );
        return offers.map((offer) => offer());
      },
      event: (envelope: EventEnvelope) => {
        for (const listener of listeners) {
          // As in the engine's process: a listener cannot break anything.
          void (async () => await (listener(envelope) as unknown))().catch((error: unknown) =>
            log.error('an event listener failed', { error: String(error) }),
          );
        }
      },
      async close() {
        for (const close of closers.splice(0).toReversed()) await close();
      },
      ping: () => true,
    },
  });
  return channel;
}

/** A mutator changes its argument, which is a copy here: the copy goes back. */
function portable(point: string, value: object): object {
  if (point !== 'specMutator') return value;
  const mutator = value as SpecMutator;
  return {
    ...Object.fromEntries(membersOf(value)),
    async mutate(draft: OciSpec, input: SpecInput) {
      await mutator.mutate(draft, input);
      return draft;
    },
  };
}
