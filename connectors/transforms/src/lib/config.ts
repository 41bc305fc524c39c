import { z } from 'zod';

/** A map from field names to values, in a config. `z.record()` leaves `__proto__` out without a word, so it is refused here. */
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

/** A number as YAML and JSON give it: digits that a double does not hold are lost before anyone could see them. */
export const writtenNumber = z
  .number()
  .refine(
    (number) => !Number.isInteger(number) || Number.isSafeInteger(number),
    'has more digits than a number holds: write it in quotes',
  );
