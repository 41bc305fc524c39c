import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runHere } from '../packages/cli/src/testing/run-here.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';

/** Mistakes of an author's first hour, with the whole messages of `aries`. */
async function failureOf(stream: string, config = '{"repo":"aries"}') {
  const folder = await temporaryFolder();
  const file = join(folder, 'issues.ts');
  await writeFile(file, connectorWith(stream));
  const args = ['extract', file, '--config', config, '--staging', join(folder, 'staging')];
  const { code, result } = await runHere(args);
  return JSON.stringify({ exit: code, ...result.error }, null, 1).replaceAll(folder, 'FOLDER');
}

function connectorWith(stream: string): string {
  return `import { AriesError, defineSource } from '@aries-data/sdk';
import { z } from 'zod';

export const source = defineSource({
  config: z.object({ repo: z.string(), pageSize: z.int().default(100) }),
  streams: ({ stream }) => ({
    issues: stream({
      schema: z.object({ id: z.int(), title: z.string() }),
      ${stream}
    }),
  }),
});
void AriesError;
`;
}

const read = 'async *read() { yield [{ id: 1, title: "a" }]; },';

test('a typo in the config', async () => {
  expect(await failureOf(read, '{"repo":"aries","pageSise":10}')).toMatchInlineSnapshot(`
    "{
     "exit": 78,
     "code": "CONFIG_INVALID",
     "kind": "config",
     "message": "issues: unknown option pageSise, did you mean pageSize?",
     "hint": "aries spec issues lists what the config takes.",
     "connector": "issues"
    }"
  `);
});

test('a value of the wrong type in the config', async () => {
  expect(await failureOf(read, '{"repo":"aries","pageSize":"ten"}')).toMatchInlineSnapshot(`
    "{
     "exit": 78,
     "code": "CONFIG_INVALID",
     "kind": "config",
     "message": "issues: config pageSize: expected number, received string",
     "hint": "aries spec issues lists what the config takes.",
     "connector": "issues"
    }"
  `);
});

test('a single record instead of a batch', async () => {
  expect(await failureOf('async *read() { yield { id: 1, title: "a" }; },')).toMatchInlineSnapshot(`
    "{
     "exit": 78,
     "code": "CONNECTOR_INVALID",
     "kind": "config",
     "message": "issues: streams.issues.read yielded a single record instead of a batch",
     "hint": "Yield an array of records: yield [record].",
     "connector": "issues",
     "stream": "issues"
    }"
  `);
});

test('a promise instead of batches', async () => {
  expect(await failureOf('async read() { return [{ id: 1, title: "a" }]; },')).toMatchInlineSnapshot(`
    "{
     "exit": 78,
     "code": "CONNECTOR_INVALID",
     "kind": "config",
     "message": "issues: streams.issues.read returned a promise instead of batches",
     "hint": "Write it as an async generator: async *read({ … }) { yield [record]; }",
     "connector": "issues",
     "stream": "issues"
    }"
  `);
});

test('a field of the wrong type', async () => {
  expect(await failureOf('async *read() { yield [{ id: "one", title: "a" }]; },')).toMatchInlineSnapshot(`
    "{
     "exit": 65,
     "code": "RECORDS_REJECTED",
     "kind": "data",
     "message": "issues: 1 of 1 records were rejected, 0 allowed; the first: record 1: \\"id\\": expected integer, got string \\"one\\"",
     "hint": "Fix them at the source and extract with --force, or raise --max-rejected, which keeps the good records without reading them again.",
     "connector": "issues",
     "stream": "issues"
    }"
  `);
});

test('a primary key that is missing from the schema', async () => {
  expect(await failureOf(`primaryKey: ['ID'], ${read}`)).toMatchInlineSnapshot(`
    "{
     "exit": 78,
     "code": "CONNECTOR_INVALID",
     "kind": "config",
     "message": "issues: streams.issues.primaryKey names \\"ID\\", which is not a field of its schema",
     "hint": "Did you mean id?",
     "connector": "issues",
     "stream": "issues"
    }"
  `);
});

test('an error thrown inside read', async () => {
  expect(await failureOf('async *read() { yield [undefined.id]; },')).toMatchInlineSnapshot(`
    "{
     "exit": 70,
     "code": "CONNECTOR_FAILED",
     "kind": "bug",
     "message": "issues: streams.issues.read threw: Cannot read properties of undefined (reading 'id')",
     "hint": "Fix it at FOLDER/issues.ts:9, or throw an AriesError there that tells users what to do.",
     "connector": "issues",
     "stream": "issues"
    }"
  `);
});

test('an error thrown by read itself, before it yields', async () => {
  expect(await failureOf('read() { throw new Error("not yet written"); },')).toMatchInlineSnapshot(`
    "{
     "exit": 70,
     "code": "CONNECTOR_FAILED",
     "kind": "bug",
     "message": "issues: streams.issues.read threw: not yet written",
     "hint": "Fix it at FOLDER/issues.ts:9, or throw an AriesError there that tells users what to do.",
     "connector": "issues",
     "stream": "issues"
    }"
  `);
});

test('an AriesError thrown inside read', async () => {
  const thrown = `throw new AriesError('NOT_ALLOWED', 'The token was refused', { hint: 'Make another one.' })`;
  expect(await failureOf(`async *read() { ${thrown}; },`)).toMatchInlineSnapshot(`
    "{
     "exit": 77,
     "code": "NOT_ALLOWED",
     "kind": "auth",
     "message": "The token was refused",
     "hint": "Make another one.",
     "connector": "issues",
     "stream": "issues"
    }"
  `);
});

test('an error thrown by the map of a transform', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'issues.ts'), connectorWith(read));
  await writeFile(
    join(folder, 'clean.ts'),
    `import { defineTransform } from '@aries-data/sdk';
export const transform = defineTransform({
  map(record) { return { ...record, title: record.titel.trim() }; },
});
`,
  );
  const file = join(folder, 'pipeline.json');
  const source = { use: './issues.ts', config: { repo: 'aries' } };
  const destination = { use: 'file', config: { path: join(folder, 'out') } };
  await writeFile(file, JSON.stringify({ name: 'job', source, transforms: [{ use: './clean.ts' }], destination }));
  const { code, result } = await runHere(['run', file, '--staging', join(folder, 'staging')]);
  expect(JSON.stringify({ exit: code, ...result.error }, null, 1).replaceAll(folder, 'FOLDER')).toMatchInlineSnapshot(`
    "{
     "exit": 70,
     "code": "CONNECTOR_FAILED",
     "kind": "bug",
     "message": "clean: map threw on record 1: Cannot read properties of undefined (reading 'trim')",
     "hint": "Fix it at FOLDER/clean.ts:3, or throw an AriesError there that tells users what to do.",
     "connector": "clean",
     "stream": "issues"
    }"
  `);
});
