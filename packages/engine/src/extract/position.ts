import type { Json, Stream } from '@aries-data/sdk';

/**
 * Parses a stored position with the schema of its stream. Returns undefined at the start of a stream. `fault` says why a position
 * does not match: an older version of the connector may have stored it, or someone else who can write to staging.
 */
export function positionOf(
  { position: schema }: Pick<Stream<unknown>, 'position'>,
  position: Json | undefined,
): { position: unknown; fault?: string } {
  if (position === undefined || position === null) return { position: undefined };
  if (schema === undefined) return { position };
  const { data, error } = schema.safeParse(position);
  if (error === undefined) return { position: data };
  const { path, message } = error.issues[0]!;
  return { position: undefined, fault: [...path, message].join(': ') };
}
