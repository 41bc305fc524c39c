import type { HttpSettings, PagesRequest } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { checkRequest, checkSettings } from './check-http.ts';

const errorOf = (check: () => void) => {
  try {
    check();
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};

const settings = (given: object) => errorOf(() => checkSettings(given as HttpSettings, 'shop'));
const pages = (given: object) => errorOf(() => checkRequest('pages', given as PagesRequest, 'shop'));

test.each<[object, string | undefined]>([
  [{}, undefined],
  [{ baseUrl: 'https://shop.example', auth: { type: 'bearer', token: 't' }, timeout: { idle: 5 } }, undefined],
  [{ auth: { type: 'oauth2', grant: 'client_credentials', tokenUrl: 'u', clientId: 'c' } }, undefined],
  [{ pagination: () => undefined, isLimit: () => false }, undefined],
  [{ pagination: { type: 'page', size: 100, total: '/total', in: 'query' } }, undefined],
  [{ baseUlr: 'x' }, 'shop: unknown option http.baseUlr, did you mean baseUrl?'],
  [{ auth: { type: 'baerer', token: 'canary' } }, expect.stringMatching(/^shop: http\.auth(?!.*canary)/)],
  [{ auth: { type: 'bearer' } }, expect.stringMatching(/^shop: http\.auth/)],
  [
    { pagination: { type: 'pagenumber' } },
    expect.stringMatching(/^shop: http\.pagination\.type: .*link.*next.*cursor.*page.*offset.*none/),
  ],
  [
    { pagination: { type: 'page', nxt: 'x' } },
    'shop: unknown option http.pagination.nxt; options are in, parameter, first, size, sizeParameter, total, more, type',
  ],
  [
    { pagination: { type: 'cursor', parameter: 'page' } },
    'shop: http.pagination of type cursor does not say where in a response the next cursor is',
  ],
  [{ retry: { attemps: 3 } }, 'shop: unknown option http.retry.attemps, did you mean attempts?'],
])('settings %j', (given, message) => expect(settings(given)).toEqual(message));

test.each<[object, string | undefined]>([
  [{ records: '/items', query: { q: 1 }, map: () => ({}) }, undefined],
  [{ recrods: '/items' }, 'shop: http.pages has no option "recrods", did you mean records?'],
  [{ pagination: { type: 'lnik' } }, expect.stringMatching(/^shop: pagination\.type: /)],
  [{ pagination: { type: 'next' } }, 'shop: pagination of type next does not say where in a response the next URL is'],
])('pages %j', (given, message) => expect(pages(given)).toEqual(message));
