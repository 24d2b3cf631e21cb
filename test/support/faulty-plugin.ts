import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGeneratedSource, definePlugin, layerOfFiles, Type, type ImageSource, type Plugin } from '@jocker/core';

/** What is wrong with a hook: the control file has a line `POINT.METHOD FAULT` for it. */
export type Fault = 'hang' | 'crash' | 'slow' | 'garbage' | 'spin';

/**
 * A plugin of every kind whose hooks do what a control file says, so that a test can break and heal them while the engine runs.
 * In a process of its own a crash is one of the process.
 */
const plugin: Plugin<{ control: string; timeLimitMs: number }> = definePlugin({
  name: 'faulty',
  options: Type.Object({ control: Type.String(), timeLimitMs: Type.Integer({ default: 100 }) }),
  setup(jocker, { control, timeLimitMs }) {
    const faultOf = (hook: string): Fault | undefined => {
      const line = readFileSync(control, 'utf8')
        .split('\n')
        .find((each) => each.startsWith(`${hook} `));
      return line?.slice(hook.length + 1) as Fault | undefined;
    };
    const behave = async <T>(hook: string, good: () => T | Promise<T>): Promise<T> => {
      switch (faultOf(hook)) {
        case 'hang':
          return await new Promise(() => undefined);
        case 'crash':
          if (process.send !== undefined && process.argv[1]?.includes('plugin-process') === true) process.exit(3);
          throw new TypeError('crashed on purpose');
        case 'spin':
          for (;;);
        case 'slow':
          await sleep(20);
          return await good();
        case 'garbage':
          return 'garbage' as T;
        case undefined:
          return await good();
      }
    };
    const policy = { timeLimitMs };
    jocker.provide(
      'specMutator',
      () => ({
        name: 'faulty',
        async mutate(draft) {
          if (faultOf('specMutator.mutate') === 'garbage') Object.assign(draft, { process: 'garbage' });
          else await behave('specMutator.mutate', () => void draft.process.env.push('MUTATED=yes'));
        },
      }),
      policy,
    );
    jocker.provide(
      'admissionRule',
      () => ({ name: 'faulty', decide: async () => await behave('admissionRule.decide', () => ({ allowed: true as const })) }),
      policy,
    );
    const source = createGeneratedSource({
      scheme: 'faulty',
      make: () => ({ layer: layerOfFiles({ '/file': 'x' }), config: { command: ['/file'] } }),
    });
    jocker.provide(
      'imageSource',
      (): ImageSource => ({
        ...source,
        resolve: async (...given) => await behave('imageSource.resolve', async () => await source.resolve(...given)),
        fetch: async (...given) => await behave('imageSource.fetch', async () => await source.fetch(...given)),
      }),
      policy,
    );
  },
});

export default plugin;
