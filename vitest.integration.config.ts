import { defineConfig } from 'vitest/config';
import { slow } from './vitest.slow.ts';

export default defineConfig({
  test: {
    include: ['test/integration/**/*.test.ts', ...slow],
    globalSetup: ['test/services/integration.setup.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
