import { relative } from 'node:path';
import type { Reporter, TestModule, Vitest } from 'vitest/node';

/** The results of a package's test files. */
export interface PackageResult {
  package: string;
  files: number;
  tests: number;
  failed: number;
  /** The sum over its files, including loading. Files run in parallel, so the sum exceeds the elapsed time. */
  seconds: number;
}

/** Prints a table after vitest's own summary: tests, failures and seconds of each package. */
export default class PackagesReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const root = this.#vitest!.config.root;
    const results = packageResults(modules.map((module) => fileResult(relative(root, module.moduleId), module)));
    if (results.length > 0) this.#vitest!.logger.log(`${packageTable(results)}\n`);
  }
}

/** The result of one test file. */
export interface FileResult extends Pick<PackageResult, 'tests' | 'failed' | 'seconds'> {
  /** The path relative to the repository. */
  file: string;
}

/** Sums up files by package, in the order of their names. */
export function packageResults(files: readonly FileResult[]): PackageResult[] {
  const byPackage = Map.groupBy(files, ({ file }) => packageOf(file));
  const sum = (all: readonly FileResult[], what: 'tests' | 'failed' | 'seconds') =>
    all.reduce((total, file) => total + file[what], 0);
  return Array.from(byPackage, ([name, all]) => ({
    package: name,
    files: all.length,
    tests: sum(all, 'tests'),
    failed: sum(all, 'failed'),
    seconds: sum(all, 'seconds'),
  })).sort((a, b) => (a.package < b.package ? -1 : 1));
}

/** Formats the results as lines, with numbers aligned right. */
export function packageTable(results: readonly PackageResult[]): string {
  const rows = [
    ['', 'files', 'tests', 'failed', 'seconds'],
    ...results.map((one) => [
      one.package,
      String(one.files),
      String(one.tests),
      one.failed === 0 ? '' : String(one.failed),
      one.seconds.toFixed(1),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, column) => cell[column === 0 ? 'padEnd' : 'padStart'](widths[column]!)).join('  '))
    .map((line) => ` ${line}`)
    .join('\n');
}

/** `packages/engine`, `connectors/file`, `templates` or `test`. */
function packageOf(file: string): string {
  const [top = '', name = ''] = file.split(/[\\/]/);
  return top === 'packages' || top === 'connectors' ? `${top}/${name}` : top;
}

function fileResult(file: string, module: TestModule): FileResult {
  const states = Array.from(module.children.allTests(), (one) => one.result().state);
  const { setupDuration, collectDuration, duration } = module.diagnostic();
  const failed = states.filter((state) => state === 'failed').length;
  return {
    file,
    tests: states.filter((state) => state !== 'skipped').length,
    // A file that could not be loaded, or whose hooks failed, has no failed test.
    failed: failed === 0 && module.state() === 'failed' ? 1 : failed,
    seconds: (setupDuration + collectDuration + duration) / 1000,
  };
}
