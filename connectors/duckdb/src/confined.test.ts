import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { source } from './source/source.ts';
import { database, failure, recordsOf, streamsOf, tempFolder } from './testing/index.ts';

async function hostile() {
  const folder = await tempFolder();
  await writeFile(`${folder}/secret.csv`, 'word\ncanary\n');
  const path = await database(
    'CREATE TABLE plain AS SELECT 1 AS id',
    `CREATE VIEW innocent AS SELECT content FROM read_text('${folder}/secret.csv')`,
    `CREATE VIEW csv AS SELECT * FROM read_csv('${folder}/secret.csv')`,
    `CREATE MACRO sneaky() AS TABLE SELECT content FROM read_text('${folder}/secret.csv')`,
    'CREATE VIEW through AS FROM sneaky()',
    `CREATE VIEW listed AS SELECT file FROM glob('${folder}/*')`,
    `CREATE VIEW setting AS SELECT current_setting('temp_directory') AS t`,
  );
  return { folder, path };
}

test('views in an untrusted file cannot read other files', async () => {
  const { path } = await hostile();
  const streams = Object.keys(await streamsOf({ path }));
  expect(streams).toContain('plain');
  for (const view of ['innocent', 'csv', 'through', 'listed']) {
    const error = await failure(recordsOf({ path, tables: [view] }, view));
    expect(error).toMatchObject({ code: 'NOT_ALLOWED', exitCode: 77, hint: expect.stringContaining('externalAccess') });
    expect(JSON.stringify([error.message, error.hint])).not.toContain('canary');
  }
});

test('nor can conditions and queries, unless the config allows it', async () => {
  const { folder, path } = await hostile();
  const where = `EXISTS (FROM read_csv('${folder}/secret.csv'))`;
  expect(await failure(recordsOf({ path }, 'plain', { where }))).toMatchObject({ code: 'NOT_ALLOWED' });
  const queries = { words: { sql: `FROM read_csv('${folder}/secret.csv')` } };
  expect(await failure(streamsOf({ path, queries }))).toMatchObject({ code: 'NOT_ALLOWED' });
  expect(await recordsOf({ path, queries, externalAccess: true }, 'words')).toEqual([{ word: 'canary' }]);
  expect(await recordsOf({ path: ':memory:', queries }, 'words')).toEqual([{ word: 'canary' }]);
  expect(await failure(streamsOf({ path: ':memory:', queries, externalAccess: false }))).toMatchObject({
    code: 'NOT_ALLOWED',
  });
  expect(source.config.parse({ path }).externalAccess).toBeUndefined();
});
