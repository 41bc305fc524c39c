import fc from 'fast-check';
import { expect, test } from 'vitest';
import { typedCell } from './csv-cells.ts';

test('every typed cell prints back exactly as it was written', () => {
  const cell = fc.oneof(
    fc.stringMatching(/^[-+]?\d{0,22}[.,_]?\d{0,20}([eE][-+]?\d{1,3})?$/),
    fc.string({ unit: fc.constantFrom(...'-+.,_0123456789eExINa ') }),
    fc.string(),
    fc.constantFrom('true', 'false', 'NaN', 'Infinity', 'null', '__proto__'),
  );
  fc.assert(
    fc.property(cell, (text) => {
      const value = typedCell(text);
      expect(typeof value === 'string' ? value : JSON.stringify(value)).toBe(text);
    }),
    { numRuns: 1000 },
  );
});
