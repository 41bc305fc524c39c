import type { Json } from '@aries-data/sdk';
import { AriesError } from '@aries-data/sdk';
import { isPlainObject } from '@aries-data/sdk/internal';

/** Where a list goes on, as a checkpoint keeps it; a URL of null is its end. */
export type PagePlace =
  | { url: null }
  | {
      url: string;
      /** The body, where the place is said there. */
      json?: Record<string, Json>;
      /** Of the page that begins here: 2, 3, … */
      number: number;
      /** Records before it. */
      count: number;
    };

/** A place that `next` told; undefined is the beginning. Throws `CONNECTOR_INVALID` for what is no such place. */
export function placeOf(from: Json | undefined): PagePlace | undefined {
  if (from === undefined || from === null) return undefined;
  if (isPlainObject(from) && (from.url === null || typeof from.url === 'string')) return from as PagePlace;
  throw new AriesError(
    'CONNECTOR_INVALID',
    `http.pages was asked to go on from ${JSON.stringify(from).slice(0, 100)}`,
    {
      hint: 'Give `from` what `next` of a page said.',
    },
  );
}
