import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { failure, folderWith, read } from '../../testing/read.ts';

const CSV = 'id,name\n1,a\n';

/** Makes the beginning of a zip archive with one file. */
function zip(...names: string[]): Buffer {
  return Buffer.concat(
    names.map((name) => {
      const header = Buffer.alloc(30);
      header.writeUInt32LE(0x04034b50);
      header.writeUInt16LE(name.length, 26);
      return Buffer.concat([header, Buffer.from(name), Buffer.from([1, 2, 3])]);
    }),
  );
}

const tar = Buffer.alloc(1024);
tar.write('x.csv');
tar.write('ustar', 257);

test.each<[string, Uint8Array | string, string]>([
  ['x.csv.zip', zip('x.csv'), 'a zip archive — Unpack it first.'],
  ['x.csv', zip('x.csv'), 'a zip archive — Unpack it first.'],
  ['x.csv.gz', zip('x.csv'), 'a zip archive — Unpack it first.'],
  ['x.xlsx', zip('[Content_Types].xml', '_rels/.rels', 'xl/workbook.xml'), 'an Excel workbook — Save it as csv first.'],
  ['x.docx', zip('[Content_Types].xml', 'word/document.xml'), 'an Office document — Save it as csv first.'],
  ['x.tar.gz', gzipSync(tar), 'a tar archive — Unpack it first.'],
  ['x.7z', '7z\xbc\xaf\x27\x1c\0\x04', 'a 7z archive — Unpack it first.'],
  ['x.csv.bz2', 'BZh91AY&SY\0\x01', 'compressed with bzip2 — Decompress it first'],
  ['x.csv.xz', '\xfd7zXZ\0\0\x04', 'compressed with xz — Decompress it first'],
  ['x.parquet', 'PAR1\x15\x04\x15', 'a Parquet file — Convert it to csv, json or ndjson first.'],
  ['x.json', 'PAR1\x15\x04\x15', 'a Parquet file — Convert it to csv, json or ndjson first.'],
  ['x.avro', 'Obj\x01\x04\x16', 'an Avro file — Convert'],
  ['x.orc', 'ORC\n\x02\x01', 'an ORC file — Convert'],
  ['x.arrow', 'ARROW1\0\0\xff\xff', 'an Arrow file — Convert'],
  ['x.feather', 'FEA1\0\0\0\0', 'a Feather file — Convert'],
  ['x.db', 'SQLite format 3\0\x10\0', 'a SQLite database — Convert'],
  ['x.csv', '%PDF-1.7\n%\xe2\xe3', 'a PDF document — Convert'],
  ['x.csv', '\n<!DOCTYPE html>\n<html><body>Sign in</body></html>', 'an HTML page — It may be an error page or'],
  ['x.csv', '<!-- a --> <!-- b -->\n<html>', 'an HTML page — It may be an error page or'],
  ['x.ndjson', '<html lang="en"></html>', 'an HTML page — It may be an error page or'],
  ['x.json', '<?xml version="1.0"?><rows/>', 'an XML document — Convert'],
  ['x.csv.gz', gzipSync(gzipSync(CSV)), 'compressed twice — Decompress it once.'],
  ['x.parquet', 'PAR1xx', 'a Parquet file by its name, but does not begin like one — If it is csv'],
])('%s %j is named', async (name, content, what) => {
  const folder = await folderWith({ [name]: typeof content === 'string' ? Buffer.from(content, 'latin1') : content });
  for (const encoding of [undefined, 'latin1'] as const) {
    const config = { url: `${folder}/${name}`, ...(encoding === undefined ? {} : { encoding }) };
    const message = await failure(read(config));
    expect(message.slice(0, `DATA_INVALID: ${folder}/${name} is ${what}`.length)).toBe(
      `DATA_INVALID: ${folder}/${name} is ${what}`,
    );
  }
});

test('a file with only comments is quickly recognised as not HTML', async () => {
  const folder = await folderWith({ 'x.csv': `${'<!---->'.repeat(500)}x\n1\n` });
  expect((await read({ url: `${folder}/x.csv` })).records.length).toBe(1);
});

test('compressed data with compression: none', async () => {
  const folder = await folderWith({ 'x.csv': gzipSync(CSV), 'y.csv': zstdCompressSync(CSV) });
  expect(await failure(read({ url: `${folder}/x.csv`, compression: 'none' }))).toBe(
    `DATA_INVALID: ${folder}/x.csv is compressed with gzip, but "compression" is none — Leave "compression" out.`,
  );
  expect(await failure(read({ url: `${folder}/y.csv`, compression: 'none' }))).toMatch('is compressed with zstd');
});

test.each(['PAR1,PAR2', 'ORC', 'BZh9,x', 'FEA1;x', 'Objective,x', '<b>,x', '7z,x', 'SQLite format 3,x', 'DUCK'])(
  'text that begins with the letters of another format is text: %s',
  async (header) => {
    const folder = await folderWith({ 'x.csv': `${header}\n1,2\n` });
    const { records, rejected } = await read({ url: `${folder}/x.csv` });
    expect(records.length + rejected.length).toBe(1);
  },
);

test('a gz file may be padded with zeros, and with nothing else', async () => {
  const file = gzipSync(CSV);
  const folder = await folderWith({
    'x.csv.gz': Buffer.concat([file, Buffer.alloc(1000)]),
    'y.csv.gz': Buffer.concat([file, Buffer.alloc(1000), Buffer.from('x')]),
  });
  expect((await read({ url: `${folder}/x.csv.gz` })).texts).toEqual(['{"id":1,"name":"a"}']);
  expect(await failure(read({ url: `${folder}/y.csv.gz` }))).toMatch(
    `DATA_INVALID: ${folder}/y.csv.gz: the gz data is damaged: there is more data after its end`,
  );
});
