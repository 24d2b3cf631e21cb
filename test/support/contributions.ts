import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExtensionPoints, Plugin } from '@jocker/core';

export interface Contributions extends AsyncDisposable {
  get<P extends keyof ExtensionPoints>(point: P): ExtensionPoints[P];
}

/** What a plugin provides when it is set up by itself, without an engine. */
export async function contributionsOf<Options>(plugin: Plugin<Options>, options: Options): Promise<Contributions> {
  const directory = await mkdtemp(join(tmpdir(), 'jocker-plugin-'));
  const provided = new Map<keyof ExtensionPoints, () => unknown>();
  const closers: (() => void | Promise<void>)[] = [];
  const silent = (): undefined => undefined;
  const deaf = (): Disposable => ({ [Symbol.dispose]: silent });
  await plugin.setup(
    {
      log: { debug: silent, info: silent, warn: silent, error: silent },
      events: { on: deaf, onAny: deaf },
      directories: { dataRoot: directory, runRoot: directory, pluginData: directory },
      engineId: '0123456789ab',
      provide: (point, create) => void provided.set(point, create),
      onClose: (close) => void closers.push(close),
    },
    options,
  );
  return {
    get<P extends keyof ExtensionPoints>(point: P) {
      const create = provided.get(point);
      if (create === undefined) throw new Error(`${plugin.name} provides no ${point}`);
      return create() as ExtensionPoints[P];
    },
    async [Symbol.asyncDispose]() {
      for (const close of closers.toReversed()) await close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
