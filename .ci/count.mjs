// Reads vitest's reports (JSON).
//
//   node .ci/count.mjs count SCRIPT REPORT CODE FAILURES    prints "passed failed skipped", and adds what failed, and why, to a file
//   node .ci/count.mjs failed REPORT                        prints the test files that failed, one a line
//   node .ci/count.mjs others FIRST SECOND                  prints "passed skipped" of the files that are only in the first report
//   node .ci/count.mjs flaky FIRST SECOND                   prints the tests that failed in the first report and passed in the second
//
// A test file that could not be loaded is one failure. So is a run that failed, or left no report, without a failed test: a
// crash, an error outside of any test.
import { appendFileSync, readFileSync } from 'node:fs';

const [command, ...args] = process.argv.slice(2);
if (command === 'count') count(...args);
else if (command === 'failed') console.log(failedFiles(read(args[0])).join('\n'));
else if (command === 'others') others(read(args[0]), read(args[1]));
else if (command === 'flaky') console.log(flaky(read(args[0]), read(args[1])).join('\n'));

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    console.error(`No report of the tests: ${error.message}`);
    return {};
  }
}

function testsOf(report, wanted) {
  return (report.testResults ?? []).flatMap((file) =>
    file.assertionResults
      .filter(({ status }) => wanted(status))
      .map((test) => ({ name: `${file.name} > ${test.fullName}`, message: test.failureMessages?.join('\n') ?? '' })),
  );
}

function count(script, path, code, failures) {
  const report = read(path);
  const passed = testsOf(report, (status) => status === 'passed').length;
  const skipped = testsOf(report, (status) => status !== 'passed' && status !== 'failed').length;
  const failed = testsOf(report, (status) => status === 'failed');
  for (const file of report.testResults ?? []) {
    const hasFailed = file.assertionResults.some(({ status }) => status === 'failed');
    if (file.status === 'failed' && !hasFailed) failed.push({ name: file.name, message: file.message ?? '' });
  }
  if (failed.length === 0 && (code !== '0' || report.success !== true)) {
    failed.push({ name: `pnpm ${script}`, message: `exit code ${code} without a failed test: see its output` });
  }
  for (const { name, message } of failed) {
    appendFileSync(failures, `FAIL ${name}\n${message.split('\n').slice(0, 30).join('\n')}\n`);
  }
  console.log(passed, failed.length, skipped);
}

function others(first, second) {
  const again = new Set((second.testResults ?? []).map(({ name }) => name));
  const rest = { testResults: (first.testResults ?? []).filter(({ name }) => !again.has(name)) };
  const passed = testsOf(rest, (status) => status === 'passed').length;
  console.log(passed, testsOf(rest, (status) => status !== 'passed' && status !== 'failed').length);
}

function failedFiles(report) {
  return (report.testResults ?? []).filter(({ status }) => status === 'failed').map(({ name }) => name);
}

function flaky(first, second) {
  const mended = new Set(testsOf(second, (status) => status === 'passed').map(({ name }) => name));
  return testsOf(first, (status) => status === 'failed')
    .map(({ name }) => name)
    .filter((name) => mended.has(name));
}
