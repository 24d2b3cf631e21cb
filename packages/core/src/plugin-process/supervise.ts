import { JockerError } from '../errors/jocker-error.ts';
import type { SupervisedContext } from '../plugin/plugin.ts';
import type { RemoteContribution } from './isolate-plugin.ts';
import type { PluginProcess } from './plugin-process.ts';

interface Session {
  readonly process: PluginProcess;
  readonly contributions: ReadonlyMap<string, RemoteContribution>;
}

export interface Supervisor {
  /** What the first process provided; later ones stand in for it. */
  readonly first: ReadonlyMap<string, RemoteContribution>;
  /** Of the process that runs, or is about to. Throws at once while none does. */
  current(): Promise<ReadonlyMap<string, RemoteContribution>>;
}

export interface SuperviseOptions {
  readonly name: string;
  readonly context: SupervisedContext;
  readonly open: () => Promise<Session>;
}

const firstPauseMs = 100;
const longestPauseMs = 30_000;
/** Whoever needs it now does not wait for the pause of one that keeps ending. */
const retryForCallMs = 500;
const closeTimeoutMs = 5000;

/** Keeps a plugin's process running. Throws when the first one does not come up. */
export async function supervise({ name, context, open }: SuperviseOptions): Promise<Supervisor> {
  let closed = false;
  let pauses = 0;
  let startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let why = '';
  let session: Promise<Session> | undefined;

  const watch = (opened: Session): void => {
    void opened.process.ended.then((reason) => lost(`its process ended: ${reason}`));
  };
  const lost = (reason: string): void => {
    if (closed) return;
    session = undefined;
    why = reason;
    context.failed(reason);
    pauses = performance.now() - startedAt > longestPauseMs ? 0 : pauses;
    timer = setTimeout(restart, Math.min(firstPauseMs * 2 ** pauses, longestPauseMs)).unref();
    pauses += 1;
  };
  const restart = (): void => {
    clearTimeout(timer);
    startedAt = performance.now();
    const opening = open();
    session = opening;
    opening.then(
      (opened) => {
        if (closed) {
          opened.process.kill();
          return;
        }
        context.restarted();
        watch(opened);
      },
      (error: unknown) => lost(`its process did not start: ${error instanceof Error ? error.message : String(error)}`),
    );
  };

  const opened = await open();
  session = Promise.resolve(opened);
  watch(opened);
  context.onClose(async () => {
    closed = true;
    clearTimeout(timer);
    const running = await session?.catch(() => undefined);
    if (running === undefined) return;
    const { channel, ended } = running.process;
    const late = setTimeout(() => running.process.kill(), closeTimeoutMs);
    await channel.call('close').catch(() => undefined);
    running.process.kill();
    await ended;
    clearTimeout(late);
  });
  return {
    first: opened.contributions,
    async current() {
      if (session === undefined && performance.now() - startedAt >= retryForCallMs && !closed) restart();
      if (session === undefined)
        throw new JockerError('internal', `plugin ${name} cannot answer for the moment: ${why}`, { details: { pluginDown: true } });
      return (await session).contributions;
    },
  };
}
