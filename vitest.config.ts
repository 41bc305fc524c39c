import { defineConfig } from 'vitest/config';
import { slow } from './vitest.slow.ts';

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'connectors/*/src/**/*.test.ts',
      'templates/*/src/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', 'test/integration/**', ...slow],
    // Half of the work is done by the processes that tests start; vitest leaves a core free by itself.
    maxWorkers: '100%',
    reporters: ['default', './test/reporters/packages-reporter.ts'],
    globalSetup: ['test/folders/run-folder.setup.ts', 'test/services/postgres.setup.ts'],
    setupFiles: ['test/folders/file-folder.setup.ts'],
    // Far above what any test takes: a slow machine is not a failure.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    typecheck: { include: ['packages/*/src/**/*.test-d.ts', 'test/*.test-d.ts'] },
  },
});
