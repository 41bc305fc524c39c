// The areas of the integration tests that take minutes (areas.json). An area is skipped if all files that it depends on are the same as
// when it last passed. `.ci/passed.json` holds their digests; `.ci/run --all` writes it.
//
//   node .ci/areas.mjs skipped            prints the areas that need not run, separated by spaces
//   node .ci/areas.mjs record REPORT…     records the areas whose tests all passed in these vitest reports (JSON)
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const record = join(root, '.ci/passed.json');

/** The test files of each area, as paths from the root, and whether its tests read texts: guides, READMEs. */
const AREAS = JSON.parse(readFileSync(join(root, '.ci/areas.json'), 'utf8'));

/** Files that no area's tests read, such as all other tests. */
const ELSEWHERE = [/^\.changeset\//, /^\.github\//, /^\.ci\//, /^bench\//, /\.test(?:-d)?\.ts$/];
const TEXTS = [/\.md$/, /^docs\//];

/** Returns a digest of all committed files that an area depends on. */
function digestOf(area) {
  const listed = execFileSync('git', ['ls-tree', '-r', '-z', 'HEAD'], { cwd: root, encoding: 'utf8', maxBuffer: 1e8 });
  const { tests, texts } = AREAS[area];
  const ignored = texts ? ELSEWHERE : [...ELSEWHERE, ...TEXTS];
  const hash = createHash('sha256');
  for (const entry of listed.split('\0')) {
    const path = entry.slice(entry.indexOf('\t') + 1);
    if (tests.includes(path) || !ignored.some((pattern) => pattern.test(path))) hash.update(`${entry}\n`);
  }
  return hash.digest('hex');
}

function passed() {
  return existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : {};
}

function skippedAreas() {
  const before = passed();
  return Object.keys(AREAS).filter((area) => before[area]?.digest === digestOf(area));
}

/** Returns the areas whose tests all passed, with none skipped. Of a test that ran twice, the second result counts. */
function passedAreas(reports) {
  const files = new Map();
  for (const report of reports.filter(existsSync)) {
    for (const file of JSON.parse(readFileSync(report, 'utf8')).testResults ?? []) files.set(file.name, file);
  }
  const isGreen = (path) => {
    const file = files.get(join(root, path));
    return file?.status === 'passed' && file.assertionResults.every(({ status }) => status === 'passed');
  };
  return Object.keys(AREAS).filter((area) => AREAS[area].tests.every(isGreen));
}

const [command, ...args] = process.argv.slice(2);
if (command === 'skipped') {
  console.log(skippedAreas().join(' '));
} else if (command === 'record') {
  const now = passed();
  for (const area of passedAreas(args))
    now[area] = { digest: digestOf(area), at: new Date().toISOString().slice(0, 10) };
  writeFileSync(record, `${JSON.stringify(now, null, 2)}\n`);
}
