import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/running-again.md'), 'utf8');
const cases = [...guide.matchAll(/<!-- ([\w-]+): (.*?) -->/g)].map(([, file = '', name = '']) => ({ file, name }));

describe('each case of the guide is a test', () => {
  test.each(cases)('$file: $name', ({ file, name }) => {
    expect(readFileSync(join(import.meta.dirname, `${file}.test.ts`), 'utf8')).toContain(name);
  });

  test('each row that says what happened names one', () => {
    const rows = guide.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('|---'));
    const headers = /^\| (?:exit code|what you want|the message says) \|/;
    const without = rows.filter((row) => !headers.test(row) && !row.includes('<!-- ') && !row.includes('See "A task'));
    expect(without).toEqual([]);
  });
});
