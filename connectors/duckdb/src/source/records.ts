import type { Json, JsonRecord } from '@aries-data/sdk';

/** Makes records from the values of columns. */
type MakeRecords = (columns: readonly Json[][], rows: number) => JsonRecord[];

/**
 * Compiles a function that turns columns into records, each made by one object literal, so that all have one shape. Names get into
 * the code only as string literals.
 */
export function compileRecords(names: readonly string[]): MakeRecords {
  const columns = names.map((_, index) => `c${index} = columns[${index}]`);
  // Only a computed __proto__ makes a property of that name.
  const members = names.map(
    (name, index) => `${name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)}: c${index}[i]`,
  );
  const code = `'use strict';
    const ${['records = new Array(rows)', ...columns].join(', ')};
    for (let i = 0; i < rows; i++) records[i] = { ${members.join(', ')} };
    return records;`;
  return new Function('columns', 'rows', code) as MakeRecords;
}
