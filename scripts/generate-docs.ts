/**
 * Generates the reference pages, and the tables of options, errors and measurements in other pages, from the code.
 * With --check nothing is written, and the exit code is 1 if a page is outdated or a public export has no explanation.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pipelineSchema } from '../packages/engine/src/pipeline/pipeline-file.ts';
import { optionsTable, withOptions } from '../packages/testing/src/options-table.ts';
import { benchTables } from './docs/bench-tables.ts';
import { cliReference } from './docs/cli-reference.ts';
import { connectorPackages } from './docs/connector-packages.ts';
import { connectorsReference } from './docs/connectors-reference.ts';
import { errorTable } from './docs/exit-codes.ts';
import { packageReference } from './docs/package-reference.ts';
import { createPages } from './docs/pages.ts';
import { REFERENCE } from './docs/reference-pages.ts';
import { recordedSizes, sizeTables } from './packages/recorded-sizes.ts';

const root = resolve(import.meta.dirname, '..');
const pages = createPages(root, { check: process.argv.includes('--check') });
const textOf = (file: string) => readFileSync(resolve(root, file), 'utf8');

// The options in each README: of connectors, and of the templates that `aries new` copies.
for (const folder of ['connectors', 'templates']) {
  for (const name of readdirSync(resolve(root, folder))) {
    const index = resolve(root, folder, name, 'src/index.ts');
    if (!existsSync(index)) continue;
    const readme = `${folder}/${name}/README.md`;
    pages.page(readme, withOptions(textOf(readme), await import(pathToFileURL(index).href)));
  }
}
pages.section('docs/reference/errors.md', 'codes', errorTable());
pages.section('docs/reference/pipeline.md', 'keys', optionsTable(pipelineSchema));
pages.section('docs/performance.md', 'bench', benchTables(textOf('bench/results.json')));
pages.section('docs/performance.md', 'sizes', sizeTables(recordedSizes(root)));
pages.page('docs/reference/cli.md', cliReference());
pages.page('docs/reference/connectors.md', connectorsReference(await connectorPackages(root)));
for (const page of REFERENCE)
  pages.page(`docs/reference/${page.package}.md`, packageReference(root, page, pages.fault));
process.exitCode = pages.faults() === 0 ? 0 : 1;
