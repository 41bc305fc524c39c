import type { Json } from '@aries-data/sdk';

/** A field and its value as a reason names them: `"lat": "abc"`; long values are cut. */
export function show(name: string, value: Json): string {
  const text = JSON.stringify(value);
  return `${JSON.stringify(name)}: ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`;
}
