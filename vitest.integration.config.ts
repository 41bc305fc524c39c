import { defineConfig } from 'vitest/config';
import areas from './.ci/areas.json' with { type: 'json' };
import { slow } from './vitest.slow.ts';

/** Areas that need not run, as `.ci/run` names them. */
const skipped = new Set((process.env.ARIES_TEST_SKIP ?? '').split(' '));

export default defineConfig({
  test: {
    include: ['test/integration/**/*.test.ts', ...slow],
    exclude: [
      '**/node_modules/**',
      ...Object.entries(areas).flatMap(([area, { tests }]) => (skipped.has(area) ? tests : [])),
    ],
    reporters: ['default', './test/reporters/packages-reporter.ts'],
    globalSetup: ['test/folders/run-folder.setup.ts', 'test/services/integration.setup.ts'],
    setupFiles: ['test/folders/file-folder.setup.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Half of the work is done by the processes that tests start; vitest leaves a core free by itself.
    maxWorkers: '100%',
  },
});
