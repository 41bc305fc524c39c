import { rawNumber } from '@aries-data/formats';
import type { Json, JsonRecord } from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import { transform } from './filter.ts';
import { run, schemaOf } from './testing.ts';

const input = schemaOf({
  n: 'integer',
  'big?': 'int64',
  'price?': 'decimal',
  'at?': 'date-time',
  'name?': 'string',
  'ok?': 'boolean',
  'tags?': 'array',
});

/** The `n` of the records that meet the conditions. */
async function filter(where: unknown, records: JsonRecord[], typed = true) {
  const numbered = records.map((record, index) => ({ n: index, ...record }));
  const { records: out, ...rest } = await run(
    transform,
    [numbered],
    typed ? { config: { where }, input } : { config: { where } },
  );
  return { kept: out.map((record) => record.n), ...rest };
}

async function refusal(where: unknown) {
  const error = await filter(where, [{}]).catch((thrown) => thrown);
  return error.issues === undefined
    ? `${error.code}: ${error.message} ${error.hint}`
    : `${error.issues[0].path.join('.')}: ${error.issues[0].message}`;
}

const BIG: JsonRecord[] = [{ big: '9007199254740992' }, { big: '9007199254740993' }, { big: null }, {}];

describe('values compare by the type of their field', () => {
  test.each<[unknown, JsonRecord[], number[]]>([
    [{ field: 'big', is: '9007199254740993' }, BIG, [1]],
    [{ field: 'big', gt: '9007199254740992' }, BIG, [1]],
    [{ field: 'big', gte: 10, lt: '9007199254740993' }, BIG, [0]],
    [{ field: 'price', is: 1.5 }, [{ price: '1.50' }, { price: '1.51' }], [0]],
    [{ field: 'price', in: ['10', 2] }, [{ price: '10.0' }, { price: '2' }, { price: '3' }], [0, 1]],
    [
      { field: 'at', lt: '2024-01-01T10:00:00.000002Z' },
      [{ at: '2024-01-01T10:00:00.000001Z' }, { at: '2024-01-01T10:00:00.000002Z' }],
      [0],
    ],
    [
      { field: 'at', is: '2024-01-01' },
      [{ at: '2024-01-01T02:00:00+02:00' }, { at: '2024-01-01T00:00:00+02:00' }],
      [0],
    ],
    [{ field: 'name', gt: '10' }, [{ name: '9' }, { name: '1' }], [0]],
    [{ field: 'name', matches: '^Z.r' }, [{ name: 'Zürich' }, { name: 'AZur' }, { name: null }], [0]],
    [{ field: 'ok', is: true }, [{ ok: true }, { ok: false }, {}], [0]],
  ])('%j', async (condition, records, expected) => {
    expect((await filter([condition], records)).kept).toEqual(expected);
  });
});

describe('null and missing are the same', () => {
  const records: JsonRecord[] = [{ name: 'a' }, { name: 'b' }, { name: null }, {}];
  test.each<[unknown, number[]]>([
    [{ field: 'name', is: null }, [2, 3]],
    [{ field: 'name', isNot: null }, [0, 1]],
    [{ field: 'name', isNot: 'a' }, [1, 2, 3]],
    [{ field: 'name', in: ['a', null] }, [0, 2, 3]],
    [{ field: 'name', notIn: ['a'] }, [1, 2, 3]],
    [{ field: 'name', notIn: ['a', null] }, [1]],
    [{ field: 'name', exists: true }, [0, 1]],
    [{ field: 'name', exists: false }, [2, 3]],
    [{ field: 'name', gte: '' }, [0, 1]],
    [{ field: 'tags', exists: false }, [0, 1, 2, 3]],
  ])('%j', async (condition, expected) => {
    expect((await filter([condition], records)).kept).toEqual(expected);
  });
});

test('all conditions must hold; any and all nest; what is left out is counted', async () => {
  const records = [
    { name: 'a', ok: true },
    { name: 'b', ok: true },
    { name: 'a', ok: false },
    { name: 'c', price: '5' },
  ];
  const where = [
    {
      any: [
        { field: 'name', is: 'a' },
        {
          all: [
            { field: 'name', is: 'c' },
            { field: 'price', gt: 4 },
          ],
        },
      ],
    },
    { field: 'ok', isNot: false },
  ];
  const { kept, dropped, rejected, schema } = await filter(where, records);
  expect({ kept, dropped, rejected }).toEqual({ kept: [0, 3], dropped: 2, rejected: [] });
  expect(schema).toBe(input);
});

test('an inferred stream without records has no fields to check', async () => {
  const empty = schemaOf({});
  const { schema } = await run(transform, [], { input: empty, config: { where: [{ field: 'n', gt: 1 }] } });
  expect(schema).toBe(empty);
});

test('an emptied batch is still yielded', async () => {
  const { batches } = await run(transform, [[{ n: 1 }], [{ n: 2 }]], {
    input,
    config: { where: [{ field: 'n', gt: 1 }] },
  });
  expect(batches).toEqual([[], [{ n: 2 }]]);
});

describe('while the input is being inferred, the value in the condition decides how to compare', () => {
  const raw = rawNumber('12345678901234567890');
  test.each<[unknown, Json[], number[]]>([
    [{ field: 'x', gt: 9 }, [10, '10', raw, 2, '2'], [0, 1, 2]],
    [{ field: 'x', is: '12345678901234567890' }, [raw, '12345678901234567890', 5], [0, 1]],
    [{ field: 'x', gt: 'b' }, ['c', 'a'], [0]],
    [{ field: 'x', gte: '2024-01-01' }, ['2024-01-01T00:00:00Z', '2023-12-31T23:59:59Z'], [0]],
    [{ field: 'x', is: 5 }, [5, '5.0', 'five', true, { a: 1 }, null], [0, 1]],
    [{ field: 'x', isNot: 'a' }, ['a', 1, null], [1, 2]],
    [{ field: 'x', is: true }, [true, 'true', 1], [0]],
  ])('%j', async (condition, values, expected) => {
    const { kept, rejected } = await filter(
      [condition],
      values.map((x) => ({ x })),
      false,
    );
    expect(kept).toEqual(expected);
    expect(rejected).toEqual([]);
  });

  test('a value that cannot be compared is rejected', async () => {
    const { kept, rejected } = await filter([{ field: 'x', gt: 5 }], [{ x: 6 }, { x: 'abc' }, { x: [1] }], false);
    expect(kept).toEqual([0]);
    expect(rejected.map(({ reason, origin }) => `${origin}: ${reason}`)).toEqual([
      'record 2: "x": "abc" cannot be compared with 5',
      'record 3: "x": [1] cannot be compared with 5',
    ]);
  });

  test('a value that cannot be compared passes if another condition decides', async () => {
    const either = [
      {
        any: [
          { field: 'x', gt: 5 },
          { field: 'y', is: 1 },
        ],
      },
    ];
    expect((await filter(either, [{ x: 'abc', y: 1 }], false)).kept).toEqual([0]);
    const both = [
      { field: 'x', gt: 5 },
      { field: 'y', is: 1 },
    ];
    expect(await filter(both, [{ x: 'abc', y: 2 }], false)).toMatchObject({ kept: [], dropped: 1, rejected: [] });
  });

  test('matches needs text', async () => {
    const { rejected } = await filter([{ field: 'x', matches: 'a' }], [{ x: 5 }], false);
    expect(rejected[0]!.reason).toBe('"x": 5 is not text, which `matches` needs');
  });
});

describe('invalid conditions', () => {
  test.each([
    [[], 'where: Too small: expected array to have >=1 items'],
    [[{}], 'where.0: give one of field, any and all'],
    [
      [{ any: [{ field: 'n' }] }],
      'where.0.any.0: give field one of is, isNot, in, notIn, gt, gte, lt, lte, matches, exists',
    ],
    [[{ all: [{ field: 'n', is: 1 }], is: 1 }], 'where.0: is needs a field'],
    [[{ field: 'n', is: 2 ** 60 }], 'where.0.is: has more digits than a number can hold: write it in quotes'],
    [[{ field: 'n', gt: 2 ** 60 }], 'where.0.gt: has more digits than a number can hold: write it in quotes'],
    [
      [{ field: 'nam', is: 'x' }],
      'CONFIG_INVALID: where[0] names the field "nam", which the input does not have Did you mean "name"?',
    ],
    [
      [{ any: [{ field: 'n', is: 'x' }] }],
      'CONFIG_INVALID: where[0].any[0].is: "x" is not a value of the field\'s type, integer Give a value of type integer.',
    ],
    [
      [{ field: 'at', gt: 'yesterday' }],
      'CONFIG_INVALID: where[0].gt: "yesterday" is not a value of the field\'s type, date-time Give a value of type date-time.',
    ],
    [
      [{ field: 'name', is: 5 }],
      "CONFIG_INVALID: where[0].is: 5 is not a value of the field's type, string Give a value of type string.",
    ],
    [
      [{ field: 'ok', gt: 0 }],
      'CONFIG_INVALID: where[0].gt: "ok" is boolean, which has no order Use is, isNot, in, notIn or exists.',
    ],
    [
      [{ field: 'tags', is: 'a' }],
      'CONFIG_INVALID: where[0].is: "a" is not a value of the field\'s type, array Use exists, or flatten it first.',
    ],
    [
      [{ field: 'n', matches: '1' }],
      'CONFIG_INVALID: where[0].matches: "n" is integer, not text Cast it to string with select first.',
    ],
    [
      [{ field: 'name', matches: '(' }],
      'CONFIG_INVALID: where[0].matches: Invalid regular expression: /(/u: Unterminated group Use JavaScript syntax for regular expressions.',
    ],
  ])('%j', async (where, message) => {
    expect(await refusal(where)).toBe(message);
  });
});
