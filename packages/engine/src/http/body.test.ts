import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonOf } from './body.ts';

const name = fc.constantFrom('a', 'b', '', '__proto__', 'constructor', '"', '\\', 'é', '\u{feff}');
/** JSON texts, and whether an object in them has a name twice. */
const { node } = fc.letrec<{ node: { text: string; twice: boolean } }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc
      .constantFrom('1', '1.0', '1e400', '-0', '"a\\":1"', '"{\\"a\\":1,\\"a\\":2}"', 'null')
      .map((text) => ({ text, twice: false })),
    fc.array(tie('node'), { maxLength: 3 }).map((items) => ({
      text: `[${items.map(({ text }) => text).join(', ')}]`,
      twice: items.some(({ twice }) => twice),
    })),
    fc.array(fc.tuple(name, tie('node')), { maxLength: 4 }).map((members) => ({
      text: `{${members.map(([key, { text }]) => `${JSON.stringify(key)} : ${text}`).join(',')}}`,
      twice: new Set(members.map(([key]) => key)).size < members.length || members.some(([, { twice }]) => twice),
    })),
  ),
}));

test('a name that occurs twice in an object is an error at any depth; all other names are kept', () => {
  fc.assert(
    fc.property(node, ({ text, twice }) => {
      if (twice) expect(() => jsonOf(text, 'application/json')).toThrow('twice in one object');
      else expect(JSON.stringify(jsonOf(text, 'application/json')).length).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
  expect(Object.keys(jsonOf('{"__proto__":{"a":1},"constructor":2}', 'application/json') as object)).toEqual([
    '__proto__',
    'constructor',
  ]);
});
