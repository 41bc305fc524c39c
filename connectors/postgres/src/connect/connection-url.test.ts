import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostList, parseConnectionUrl } from './connection-url.ts';

const hosts = (url: string) => parseConnectionUrl(url).hosts;

describe('connection URLs', () => {
  test('with one host, several, or a socket', () => {
    expect(hosts('postgres://u@h/db')).toEqual([{ host: 'h' }]);
    expect(hosts('postgres://u@h1:5432,h2:5433/db')).toEqual([
      { host: 'h1', port: 5432 },
      { host: 'h2', port: 5433 },
    ]);
    expect(hosts('postgres://h1,[2001:db8::1]:6432/db')).toEqual([{ host: 'h1' }, { host: '2001:db8::1', port: 6432 }]);
    expect(hosts('postgres://u@/db?host=/var/run/postgresql')).toEqual([{ host: '/var/run/postgresql' }]);
    expect(hosts('postgres://u@%2Fvar%2Frun%2Fpostgresql:5433/db')).toEqual([
      { host: '/var/run/postgresql', port: 5433 },
    ]);
    expect(hosts('postgres:///db')).toEqual([{}]);
    expect(hosts('postgres://h/db?host=h1,h2&port=1,2')).toEqual([
      { host: 'h1', port: 1 },
      { host: 'h2', port: 2 },
    ]);
    expect(hosts('postgres://h1,h2/db?port=6000')).toEqual([
      { host: 'h1', port: 6000 },
      { host: 'h2', port: 6000 },
    ]);
  });

  test('with a driver name, as in SQLAlchemy', () => {
    expect(parseConnectionUrl('postgresql+psycopg2://u:p@h/db')).toMatchObject({
      user: 'u',
      password: 'p',
      database: 'db',
    });
  });

  test('with a repeated parameter use the last one', () => {
    const { parameters } = parseConnectionUrl('postgres://h/db?sslmode=disable&sslmode=verify-full&options=-c%20a%3Db');
    expect(Object.fromEntries(parameters)).toEqual({ sslmode: 'verify-full', options: '-c a=b' });
  });

  test.each([
    ['mysql://canary@h/db', 'it does not begin with postgres://'],
    ['postgres://u:canary@h:99999/db', 'a port in it is not a number from 1 to 65535'],
    ['postgres://u:canary%@h/db', 'a % in it is not followed by two hexadecimal digits'],
    ['postgres://u:canary@h/db?host=a,b,c&port=1,2', 'it has 3 hosts and 2 ports'],
  ])('%s is refused without its text', (url, reason) => {
    expect(() => parseConnectionUrl(url)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: `Postgres: the config option "url" is not a connection URL: ${reason}`,
      }),
    );
  });

  test('keep encoded characters', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    const host = fc.record({ host: fc.domain(), port: fc.integer({ min: 1, max: 65_535 }) });
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.array(host, { minLength: 1, maxLength: 4 }),
        (user, password, database, list) => {
          const [u, p, d] = [user, password, database].map(encodeURIComponent);
          const places = list.map((one) => `${one.host}:${one.port}`).join(',');
          expect(parseConnectionUrl(`postgres://${u}:${p}@${places}/${d}`)).toMatchObject({
            user,
            password,
            database,
            hosts: list,
          });
        },
      ),
    );
  });
});

test('one port applies to all hosts', () => {
  expect(hostList('a,b', '1')).toEqual([
    { host: 'a', port: 1 },
    { host: 'b', port: 1 },
  ]);
});
