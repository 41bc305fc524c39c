import { expect, test } from 'vitest';
import { z } from 'zod';
import { type DocumentKind, sealed, unsealed } from './sealed.ts';

const KIND: DocumentKind<{ version: 1; note: string; list: number[] }> = {
  name: 'note',
  schema: z.object({ version: z.literal(1), note: z.string(), list: z.array(z.int()) }),
  hint: 'Write it again.',
};
const VALUE = { version: 1 as const, note: 'a �, "checksum": "sha256-', list: [1, 2] };

const read = (bytes: Buffer, kind = KIND) => unsealed(kind, bytes, 'memory:/note.json');

test.each([false, true])('a sealed document is read back; compact: %s', (compact) => {
  expect(read(sealed({ compact }, VALUE))).toEqual(VALUE);
});

test.each([false, true])('every changed bit and every truncation is detected; compact: %s', (compact) => {
  const bytes = sealed({ compact }, VALUE);
  for (let at = 0; at < bytes.length; at++) {
    expect(() => read(bytes.subarray(0, at))).toThrow(expect.objectContaining({ code: 'DATASET_CORRUPT' }));
    for (let bit = 1; bit < 256; bit *= 2) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= bit;
      expect(() => read(flipped)).toThrow(expect.objectContaining({ code: 'DATASET_CORRUPT' }));
    }
  }
});

test('an error names the document, what is wrong and what to do', () => {
  const messageOf = (bytes: Buffer, kind = KIND) => {
    try {
      return read(bytes, kind);
    } catch (error) {
      const { message, hint } = error as { message: string; hint: string };
      return `${message} | ${hint}`;
    }
  };
  const nested = `${'['.repeat(1000)}${']'.repeat(1000)}`;
  const deep: typeof KIND = { ...KIND, schema: z.object({ list: z.json() }) };
  expect([
    messageOf(Buffer.alloc(0)),
    messageOf(sealed({}, VALUE).subarray(0, 30)),
    messageOf(Buffer.from(JSON.stringify(VALUE))),
    messageOf(Buffer.from(sealed({}, VALUE).toString().replace('1', '2'))),
    messageOf(sealed({}, { ...VALUE, version: 2 })),
    messageOf(sealed({}, { ...VALUE, list: [1, '2'] })),
    messageOf(sealed({ compact: true }, { list: JSON.parse(nested) }), deep),
    messageOf(sealed({}, VALUE), { ...KIND, faultOf: ({ list }) => `${list.length} are too many` }),
  ]).toMatchInlineSnapshot(`
    [
      "memory:/note.json is not a valid note: it is empty | Write it again.",
      "memory:/note.json is not a valid note: it is truncated, or was not written by this version of Aries | Write it again.",
      "memory:/note.json is not a valid note: it is truncated, or was not written by this version of Aries | Write it again.",
      "memory:/note.json is not a valid note: it was changed after it was written: its checksum differs | Write it again.",
      "memory:/note.json is not a valid note: version: Invalid input: expected 1 | Write it again.",
      "memory:/note.json is not a valid note: list.1: Invalid input: expected number, received string | Write it again.",
      "memory:/note.json is not a valid note: it is nested more than 200 levels deep | Write it again.",
      "memory:/note.json is not a valid note: 2 are too many | Write it again.",
    ]
  `);
});
