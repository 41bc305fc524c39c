import { AriesError, type Json } from '@aries-data/sdk';
import { isPlainObject } from '@aries-data/sdk/internal';

/** Where a list resumes, as stored in a checkpoint. A URL of null means its end. */
export type PagePlace =
  | { url: null }
  | {
      url: string;
      /** Request body, if it holds the place. */
      json?: Record<string, Json>;
      /** Number of the page that begins here, from 2. */
      number: number;
      /** Number of records before it. */
      count: number;
    };

/** Parses the `from` of a request: the `next` of an earlier page, or undefined for the start. Throws `CONNECTOR_INVALID` otherwise. */
export function placeOf(from: Json | undefined): PagePlace | undefined {
  if (from === undefined || from === null) return undefined;
  if (isPlainObject(from) && (from.url === null || typeof from.url === 'string')) return from as PagePlace;
  throw new AriesError('CONNECTOR_INVALID', `http.pages cannot resume from ${JSON.stringify(from).slice(0, 100)}`, {
    hint: 'Set `from` to the `next` of an earlier page.',
  });
}
