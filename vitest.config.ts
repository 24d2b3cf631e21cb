import { defineConfig } from 'vitest/config';

const conditions = ['jocker-source', 'node', 'import', 'module', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/workbench/**'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Real processes on a shared machine: a test that fails is tried once more there, and the summary says so.
    retry: process.env['CI'] === undefined ? 0 : 1,
    reporters: ['default'],
  },
});
