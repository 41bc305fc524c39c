import type { Json } from '@aries-data/sdk';
import { isPlainObject } from '@aries-data/sdk/internal';

/** Names by which APIs say in a body that there is another page. */
const MORE =
  /^(?:next|next_?(?:page|cursor|token|url|link|offset|pagetoken)|has_?(?:more|next|next_?page)|continuation_?token)$/i;
/** Members of a body that hold such names. */
const GROUPS = /^(?:_?links|meta|metadata|page|page_?info|paging|pagination|response_metadata)$/i;

/**
 * Returns where a body says that there are more pages, as a dotted path.
 *
 * @example
 * morePagesAt({ items: [], paging: { next: 'abc' } }); // 'paging.next'
 */
export function morePagesAt(body: Json): string | undefined {
  if (!isPlainObject(body)) return undefined;
  for (const [name, value] of Object.entries(body)) {
    if (MORE.test(name) && saysMore(value)) return name;
    if (!GROUPS.test(name) || !isPlainObject(value)) continue;
    const inner = Object.entries(value).find(([member, one]) => MORE.test(member) && saysMore(one));
    if (inner !== undefined) return `${name}.${inner[0]}`;
  }
  return undefined;
}

function saysMore(value: unknown): boolean {
  return value !== null && value !== undefined && value !== false && value !== '' && value !== 0;
}
