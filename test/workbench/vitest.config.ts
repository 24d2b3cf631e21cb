import { defineConfig } from 'vitest/config';

const conditions = ['jocker-source', 'node', 'import', 'module', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // One user's session: a step stands on the one before.
    bail: 1,
    fileParallelism: false,
  },
});
