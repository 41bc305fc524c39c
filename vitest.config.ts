import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'connectors/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    // The model test is run by itself (pnpm test:model): not every one of its runs ends well yet.
    exclude: [
      '**/node_modules/**',
      'test/integration/**',
      ...(process.env.ARIES_TEST_MODEL === undefined ? ['test/running-again/model.test.ts'] : []),
    ],
    globalSetup: ['test/services/postgres.setup.ts'],
    // Far above what any test takes: a slow machine is not a failure.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    typecheck: { include: ['packages/*/src/**/*.test-d.ts', 'test/*.test-d.ts'] },
  },
});
