import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'src/**/*.test.tsx'], environment: 'node' } },
      {
        test: {
          name: 'e2e',
          include: ['e2e/flows/**/*.test.ts'],
          globalSetup: ['e2e/start.ts'],
          environment: 'node',
          fileParallelism: false, // one server, one browser: the machine has two cores
          testTimeout: 120_000,
          retry: 1, // on a busy machine a browser may be late; vitest marks what it did twice
          expect: { poll: { timeout: 20_000 } },
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
