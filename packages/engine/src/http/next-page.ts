import { valueAt, withValueAt } from '@aries-data/formats/internal';
import { AriesError, type Json, type JsonRecord, type NextPage, type Page, type Pagination } from '@aries-data/sdk';
import { linkOf } from './link-header.ts';

/** Returns the parameters that a pagination adds to the first request. `json` is the request's own body. */
export function firstPage(pagination: Pagination, json: JsonRecord = {}): NextPage {
  if (typeof pagination === 'function' || (pagination.type !== 'page' && pagination.type !== 'offset')) return {};
  const { size, type } = pagination;
  const sizeParameter = pagination.sizeParameter ?? (type === 'page' ? 'per_page' : 'limit');
  return inPlace(
    pagination,
    {
      ...(size === undefined ? {} : { [sizeParameter]: size }),
      ...(type === 'page' || pagination.first !== undefined
        ? { [pagination.parameter ?? type]: pagination.first ?? 1 }
        : {}),
    },
    json,
  );
}

/**
 * Returns the changes for the next request, or undefined after the last page. `json` is the body of the request before. Throws
 * `DATA_INVALID` if the response contradicts itself or has an unusable cursor or URL.
 */
export function nextPage(pagination: Pagination, page: Page, json: JsonRecord = {}): NextPage | undefined {
  if (typeof pagination === 'function') return pagination(page);
  switch (pagination.type) {
    case 'none':
      return undefined;
    case 'link': {
      const url = linkOf(page.headers.get('link') ?? '', (pagination.rel ?? 'next').toLowerCase());
      return url === undefined ? undefined : { url };
    }
    case 'next': {
      const url = told(pagination, page, 'a URL');
      return url === undefined ? undefined : { url };
    }
    case 'cursor': {
      if (hasEnded(page.body, pagination.more)) return undefined;
      const cursor =
        pagination.lastRecord === undefined
          ? told(pagination, page, 'a cursor')
          : ofLastRecord(pagination.lastRecord, page);
      if (cursor === undefined && pagination.more !== undefined && page.records.length > 0)
        throw new AriesError(
          'DATA_INVALID',
          `The response has more records according to "${pagination.more}", but no cursor`,
          {
            hint: 'Check `place`, `header` or `lastRecord` of the pagination: it must point to the cursor.',
          },
        );
      return cursor === undefined ? undefined : inPlace(pagination, { [pagination.parameter]: cursor }, json);
    }
    case 'page':
    case 'offset': {
      if (page.records.length === 0 || hasEnded(page.body, pagination.more)) return undefined;
      const total = pagination.total === undefined ? undefined : valueAt(page.body, pagination.total);
      if (total !== undefined && total !== null && page.count >= Number(total)) return undefined;
      const { type, parameter = type, first = type === 'page' ? 1 : 0 } = pagination;
      return inPlace(pagination, { [parameter]: first + (type === 'page' ? page.number : page.count) }, json);
    }
  }
}

/**
 * Returns the places where the first page should point to the next one and has nothing. A null or empty value does not count: it means
 * that this is the last page.
 */
export function missingPlaces(pagination: Pagination, { body, headers, records }: Page): string[] {
  if (typeof pagination === 'function' || records.length === 0) return [];
  if (pagination.type !== 'next' && pagination.type !== 'cursor') return [];
  const { place, header, optional } = pagination;
  const more = pagination.type === 'cursor' ? pagination.more : undefined;
  return [
    ...(place !== undefined && optional !== true && more === undefined && valueAt(body, place) === undefined
      ? [`"${place}"`]
      : []),
    ...(header !== undefined && optional !== true && more === undefined && !headers.has(header)
      ? [`the header "${header}"`]
      : []),
    ...(more !== undefined && valueAt(body, more) === undefined ? [`"${more}"`] : []),
  ];
}

function told(
  { place, header }: { place?: string | undefined; header?: string | undefined },
  { body, headers }: Page,
  what: string,
): string | undefined {
  if (header !== undefined) return headers.get(header)?.trim() || undefined;
  return body === null ? undefined : textAt(body, place ?? '', what);
}

function ofLastRecord(place: string, { records }: Page): string | undefined {
  const last = records.at(-1);
  if (last === undefined) return undefined;
  if (valueAt(last, place) === undefined)
    throw new AriesError('DATA_INVALID', `The last record of a page has no cursor at "${place}"`, {
      hint: 'Check `lastRecord` of the pagination.',
    });
  return textAt(last, place, 'a cursor');
}

function inPlace(
  { in: where = 'query' }: { in?: 'query' | 'json' | undefined },
  values: Record<string, string | number>,
  json: JsonRecord,
): NextPage {
  if (where === 'query') return { query: values };
  let changed: JsonRecord = {};
  for (const [place, value] of Object.entries(values))
    changed = { ...changed, ...withValueAt({ ...json, ...changed }, place, value) };
  return { json: changed };
}

function hasEnded(body: Json, more: string | undefined): boolean {
  return more !== undefined && (valueAt(body, more) ?? false) === false;
}

function textAt(value: Json, place: string, what: string): string | undefined {
  const found = valueAt(value, place);
  if (found === undefined || found === null || found === '' || found === false) return undefined;
  if (typeof found === 'string' || typeof found === 'number') return String(found);
  // A number that a double cannot hold.
  const text = JSON.stringify(found);
  if (/^-?\d/.test(text)) return text;
  throw new AriesError('DATA_INVALID', `Expected ${what} at "${place}" of the response, got ${text.slice(0, 100)}`);
}
