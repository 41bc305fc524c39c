import type { Json } from './schema.ts';
import type { Stream } from './source.ts';

/**
 * Where a read resumes, as its stream declares positions; undefined at the start. A string says why it does not fit. A position lies in
 * staging, where others may be able to write, and may be of another version of the connector.
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
