import type { Json } from '@aries-data/sdk';

/** Formats a field and its value for a message: `"lat": "abc"`. Long values are shortened. */
export function show(name: string, value: Json): string {
  const text = JSON.stringify(value);
  return `${JSON.stringify(name)}: ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`;
}
