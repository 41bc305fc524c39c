import { expect, test } from 'vitest';
import { parseAddress } from './address.ts';

test.each([
  ['9400', { host: '127.0.0.1', port: 9400 }],
  ['0', { host: '127.0.0.1', port: 0 }],
  ['0.0.0.0:9400', { host: '0.0.0.0', port: 9400 }],
  ['localhost:80', { host: 'localhost', port: 80 }],
  ['[::1]:9400', { host: '::1', port: 9400 }],
])('--listen %s', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each(['', 'http', '65536', ':9400', '::1:9400', 'a b:1', '1.5', '-1'])('--listen %j is refused', (text) => {
  expect(() => parseAddress(text)).toThrow('expected a port such as 9400, or 0.0.0.0:9400');
});
