import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// `test` files use real servers but one process; `e2e` files start and kill real processes, one file at a time.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'test',
          // These tests wait for servers more than they compute.
          maxWorkers: availableParallelism() + 1,
          include: ['{apps/*,packages/*,chaos}/test/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['{apps/*,packages/*,chaos}/test/**/*.e2e.ts'],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          maxConcurrency: 4,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
