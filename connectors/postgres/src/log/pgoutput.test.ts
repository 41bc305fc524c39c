import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LogHandler, type LogRelation, pgoutputDecoder } from './pgoutput.ts';
import type { Tuple } from './tuple.ts';

/** A value as the server sends it: a text, null, or left out because it did not change. */
type Cell = string | null | undefined;
type Said =
  | ['begin', bigint, bigint]
  | ['commit', bigint, bigint]
  | ['relation', LogRelation]
  | ['insert', number, Cell[]]
  | ['update', number, Cell[], { kind: 'K' | 'O'; row: Cell[] } | undefined]
  | ['delete', number, { kind: 'K' | 'O'; row: Cell[] }]
  | ['truncate', number[]];

const int16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
};
const int64 = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt.asIntN(64, value));
  return bytes;
};
const text = (value: string) => Buffer.from(`${value}\0`);
const tuple = (row: readonly Cell[]) =>
  Buffer.concat([
    int16(row.length),
    ...row.map((cell) => {
      if (cell === undefined) return Buffer.from('u');
      if (cell === null) return Buffer.from('n');
      const bytes = Buffer.from(cell);
      return Buffer.concat([Buffer.from('t'), int32(bytes.length), bytes]);
    }),
  ]);

/** Writes a message as the protocol describes it. */
function written(said: Said): Buffer {
  switch (said[0]) {
    case 'begin':
      return Buffer.concat([Buffer.from('B'), int64(said[1]), int64(said[2]), int32(7)]);
    case 'commit':
      return Buffer.concat([Buffer.from('C\0'), int64(said[1]), int64(said[2]), int64(0n)]);
    case 'relation': {
      const { oid, schema, name, columns } = said[1];
      return Buffer.concat([
        ...[Buffer.from('R'), int32(oid), text(schema), text(name), Buffer.from('d'), int16(columns.length)],
        ...columns.map((one) =>
          Buffer.concat([Buffer.from([one.isKey ? 1 : 0]), text(one.name), int32(one.type), int32(one.modifier)]),
        ),
      ]);
    }
    case 'insert':
      return Buffer.concat([Buffer.from('I'), int32(said[1]), Buffer.from('N'), tuple(said[2])]);
    case 'update':
      return Buffer.concat([
        ...[Buffer.from('U'), int32(said[1])],
        ...(said[3] === undefined ? [] : [Buffer.from(said[3].kind), tuple(said[3].row)]),
        ...[Buffer.from('N'), tuple(said[2])],
      ]);
    case 'delete':
      return Buffer.concat([Buffer.from('D'), int32(said[1]), Buffer.from(said[2].kind), tuple(said[2].row)]);
    case 'truncate':
      return Buffer.concat([Buffer.from('T'), int32(said[1].length), Buffer.from([0]), ...said[1].map(int32)]);
  }
}

function decoder(): { decode: ReturnType<typeof pgoutputDecoder>; said: unknown[] } {
  const said: unknown[] = [];
  const cells = (row: Tuple): Cell[] =>
    Array.from({ length: row.count }, (_, index) =>
      row.isNull(index) ? null : row.isUnchanged(index) ? undefined : row.text(index),
    );
  const handler: LogHandler = {
    begin: (lsn, time) => void said.push(['begin', lsn, time]),
    commit: (lsn, end) => void said.push(['commit', lsn, end]),
    relation: (relation) => void said.push(['relation', relation]),
    wants: () => true,
    insert: (oid, row) => void said.push(['insert', oid, cells(row)]),
    update: (oid, row, old) => void said.push(['update', oid, cells(row), old && cells(old)]),
    delete: (oid, old) => void said.push(['delete', oid, cells(old)]),
    truncate: (oids) => void said.push(['truncate', [...oids]]),
  };
  return { decode: pgoutputDecoder(handler), said };
}

const oid = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const lsn = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const cell: fc.Arbitrary<Cell> = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ maxLength: 3 }),
  fc.constantFrom(null, undefined, '', 'é', 'x'.repeat(300)),
);
const row = fc.array(cell, { maxLength: 6 });
const old = fc.record({ kind: fc.constantFrom('K' as const, 'O' as const), row });
const name = fc.string({ unit: 'grapheme', maxLength: 8 }).map((one) => one.replaceAll('\0', '.'));
const said: fc.Arbitrary<Said> = fc.oneof(
  fc.tuple(fc.constant('begin' as const), lsn, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  fc.tuple(fc.constant('commit' as const), lsn, lsn),
  fc.tuple(
    fc.constant('relation' as const),
    fc.record({
      oid,
      schema: name.filter((one) => one !== ''),
      name,
      columns: fc.array(
        fc.record({
          name,
          isKey: fc.boolean(),
          type: oid,
          modifier: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        }),
        { maxLength: 5 },
      ),
    }),
  ),
  fc.tuple(fc.constant('insert' as const), oid, row),
  fc.tuple(fc.constant('update' as const), oid, row, fc.option(old, { nil: undefined })),
  fc.tuple(fc.constant('delete' as const), oid, old),
  fc.tuple(fc.constant('truncate' as const), fc.array(oid, { maxLength: 4 })),
);

/** What the handler is told for a message. */
function told(one: Said): unknown {
  if (one[0] === 'update') return ['update', one[1], one[2], one[3]?.row];
  return one[0] === 'delete' ? ['delete', one[1], one[2].row] : one;
}

describe('messages of pgoutput', () => {
  test('are read as they were written, wherever they lie in a buffer', () => {
    fc.assert(
      fc.property(fc.array(said, { maxLength: 6 }), fc.nat(9), (messages, before) => {
        const { decode, said: seen } = decoder();
        const all = Buffer.concat([Buffer.alloc(before, 0x55), ...messages.map(written)]);
        let at = before;
        for (const message of messages) {
          const end = at + written(message).length;
          decode(all, at, end);
          at = end;
        }
        expect(seen).toEqual(messages.map(told));
      }),
    );
  });

  test('that are cut short or too long are refused, and never read past their end', () => {
    fc.assert(
      fc.property(said, fc.nat(), fc.uint8Array({ minLength: 64, maxLength: 64 }), (message, cut, after) => {
        const whole = written(message);
        const length = cut % whole.length;
        // What follows in the buffer belongs to another message.
        const bytes = Buffer.concat([whole.subarray(0, length), after]);
        const { decode, said: seen } = decoder();
        expect(() => decode(bytes, 0, length)).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }));
        expect(seen).toEqual([]);
        const longer = Buffer.concat([whole, Buffer.from([0])]);
        expect(() => decode(longer, 0, longer.length)).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }));
      }),
    );
  });

  test('of any bytes never do worse than to be refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom(...'BCRIUDTYOM'), (bytes, kind) => {
        const { decode } = decoder();
        const message = Buffer.concat([Buffer.from(kind), bytes]);
        try {
          decode(message, 0, message.length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'DATA_INVALID' });
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('of tables that are not wanted are not looked at', () => {
    const handler = { wants: () => false } as unknown as LogHandler;
    const decode = pgoutputDecoder(handler);
    for (const message of [written(['insert', 5, ['a']]), written(['delete', 5, { kind: 'K', row: ['a'] }])])
      expect(() => decode(message, 0, message.length)).not.toThrow();
  });
});
