import { type DeletedItem, deleted, type Json, type ReadContext } from '@aries-data/sdk';
import type { Config } from '../config.ts';
import { firstSecond, seconds, timeOf } from './times.ts';

/** Stripe lists events of the last 30 days only: https://docs.stripe.com/api/events/list */
const KEPT_MS = 30 * 86_400_000;

/**
 * Yields the keys of objects that were deleted in the window of the read, as the events say. Their cursor is the time of the event, so that
 * the state moves on. They come before the list: an object that was deleted and created again in the meantime is then there.
 */
export async function* readDeleted(
  { http, config, window, log, stream, cursor }: ReadContext<Config>,
  type: string,
): AsyncGenerator<DeletedItem> {
  const { since, until } = window;
  if (since !== undefined && Date.parse(since) < Date.now() - KEPT_MS)
    log.warn(
      `${stream}: Stripe keeps events for 30 days. What was deleted between ${since} and then is not noticed: set deletes: compare, or read with mode: full`,
    );
  const pages = http.pages('/v1/events', {
    query: { limit: 100, type, 'created[gte]': firstSecond(config, since), 'created[lt]': seconds(until) },
  });
  for await (const page of pages) {
    for (const { created, data } of page) {
      const at = timeOf(created) as string;
      const { id = null } = ((data as { object?: { id?: Json } } | null)?.object ?? {}) as { id?: Json };
      yield deleted([{ id, ...(cursor === undefined ? {} : { [cursor]: at }) }], { at });
    }
  }
}
