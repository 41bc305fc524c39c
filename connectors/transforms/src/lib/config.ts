import { z } from 'zod';

/** A map from field names to values. `z.record()` silently drops `__proto__`, so it is refused here. */
export function mapOfFields<V extends z.ZodType>(value: V) {
  const { $schema, ...additionalProperties } = z.toJSONSchema(value);
  return z
    .unknown()
    .refine(
      (map) => typeof map !== 'object' || map === null || !Object.hasOwn(map, '__proto__'),
      'a field named __proto__ cannot be given here',
    )
    .meta({ type: 'object', additionalProperties })
    .pipe(z.record(z.string(), value));
}

/** A number from YAML or JSON. Parsing has already lost the digits that a double cannot hold, so too many are refused. */
export const writtenNumber = z
  .number()
  .refine(
    (number) => !Number.isInteger(number) || Number.isSafeInteger(number),
    'has more digits than a number can hold: write it in quotes',
  );
