import type { JsonRecord } from '@aries-data/sdk';

/** The objects of a stubbed org, by name. */
export type StubbedObjects = Record<string, { fields: { name: string; type: string }[]; records: JsonRecord[] }>;

/** Answers the SOQL that the connector writes, and throws on any other. Records in the recycle bin are only in the answer of `queryAll`. */
export function answer(objects: StubbedObjects, query: string, withDeleted: boolean): JsonRecord[] {
  const [, select = '', from = '', where = '', order = ''] =
    /^SELECT (\S+) FROM (\w+)(?: WHERE (.*?))?(?: ORDER BY (.*))?$/s.exec(query) ?? [];
  const names = select.split(',');
  const tests = splitAnd(where).map(testOf);
  const found = objects[from]!.records.filter(({ IsDeleted }) => withDeleted || IsDeleted !== true).filter((record) =>
    tests.every((test) => test(record)),
  );
  const by = order === '' ? [] : order.split(', ');
  found.sort((a, b) => by.reduce((before, name) => before || compare(a[name], b[name]), 0));
  if (select === 'COUNT()') return found;
  return found.map((record) => Object.fromEntries(names.map((name) => [name, record[name]!])));
}

function splitAnd(where: string): string[] {
  if (where === '') return [];
  // The condition in brackets contains an AND of its own.
  return where.match(/\((?:[^()]|\([^()]*\))*\)|[^()]+?(?= AND |$)/g)!.map((part) => part.replace(/^ AND /, ''));
}

function testOf(condition: string): (record: JsonRecord) => boolean {
  const behind = /^\((\w+) > (\S+) OR \(\1 = \2 AND Id > '(\w+)'\)\)$/.exec(condition);
  if (behind !== null) {
    const [, name = '', time = '', id = ''] = behind;
    return (record) => (compare(record[name], time) || compare(record.Id, id)) > 0;
  }
  const [, name = '', operator, value = ''] = /^\(?(\w+) (>=|<|>|=) '?([^')]+)'?\)?$/.exec(condition) ?? [];
  const tests: Record<string, (order: number) => boolean> = {
    '>=': (order) => order >= 0,
    '>': (order) => order > 0,
    '<': (order) => order < 0,
    '=': (order) => order === 0,
  };
  const test = tests[operator ?? ''];
  if (test === undefined) throw new Error(`the stub does not know the condition ${condition}`);
  return (record) => test(compare(record[name], value));
}

function compare(a: unknown, b: unknown): number {
  const [x, y] = [String(a), String(b)].map((text) => text.replace('+0000', 'Z'));
  return x! < y! ? -1 : x! > y! ? 1 : 0;
}
