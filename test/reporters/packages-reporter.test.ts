import { expect, test } from 'vitest';
import { packageResults, packageTable } from './packages-reporter.ts';

test('files are summed up by package', () => {
  const results = packageResults([
    { file: 'test/new.test.ts', tests: 1, failed: 0, seconds: 0.5 },
    { file: 'packages/engine/src/rules/ledger.test.ts', tests: 20, failed: 0, seconds: 0.25 },
    { file: 'packages/engine/src/extract/extract.test.ts', tests: 30, failed: 2, seconds: 12.5 },
    { file: 'connectors/file/src/source.test.ts', tests: 4, failed: 0, seconds: 1 },
    { file: 'templates/api/src/source.test.ts', tests: 2, failed: 0, seconds: 0.04 },
    { file: 'templates/file/src/source.test.ts', tests: 2, failed: 0, seconds: 0.04 },
  ]);
  expect(`\n${packageTable(results)}`).toMatchInlineSnapshot(`
    "
                      files  tests  failed  seconds
     connectors/file      1      4              1.0
     packages/engine      2     50       2     12.8
     templates            2      4              0.1
     test                 1      1              0.5"
  `);
});
