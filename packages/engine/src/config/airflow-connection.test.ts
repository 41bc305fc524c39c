import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../redact/redact.ts';
import { type AirflowConnection, airflowUri, parseAirflowConnection } from './airflow-connection.ts';
import { resolveConfig } from './resolve.ts';

// Made with Airflow 3.3.2: the result of EnvironmentVariablesBackend.deserialize_connection for each text.
const byAirflow = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/airflow-connections.json', import.meta.url), 'utf8'),
) as { text: string; connection: AirflowConnection }[];

describe('parseAirflowConnection', () => {
  test.each(byAirflow)('reads $text as Airflow does', ({ text, connection }) => {
    const read = parseAirflowConnection(text);
    // Airflow converts parameters that look like numbers.
    const asTexts = ({ extra, ...others }: AirflowConnection) => ({
      ...others,
      extra: Object.fromEntries(
        Object.entries(extra).map(([name, value]) => [name, typeof value === 'number' ? String(value) : value]),
      ),
    });
    expect(asTexts(read)).toEqual(asTexts(connection));
  });

  test.each([
    ['{"conn_type": canary', 'begins like JSON but is not valid JSON'],
    ['{"login":"canary"}', 'has no conn_type'],
    ['{"conn_type":"x","port":"canary"}', 'has a port that is not a number'],
    ['{"conn_type":"x","extra":"canary"}', 'has an extra that is not a JSON object'],
    ['x://h/?__extra__=canary', 'has an extra that is not a JSON object'],
    ['canary', 'is neither a URI (type://login:password@host:port/schema) nor JSON'],
    ['x://h:canary/', 'is neither a URI (type://login:password@host:port/schema) nor JSON'],
  ])('says what is wrong with %s, without its text', (text, message) => {
    expect(() => parseAirflowConnection(text)).toThrow(new Error(message));
  });

  test('a connection survives a round trip as URI and as JSON', () => {
    const word = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => text.isWellFormed());
    const connections: fc.Arbitrary<AirflowConnection> = fc.record(
      {
        conn_type: fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/).filter((type) => type !== 'postgresql'),
        host: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.constant('/var/run')),
        port: fc.integer({ min: 1, max: 65_535 }),
        login: word,
        password: word,
        schema: word,
        extra: fc.dictionary(
          word.filter((name) => name !== '__extra__' && name !== '__proto__'),
          word,
        ),
      },
      { requiredKeys: ['conn_type', 'extra'] },
    );
    fc.assert(
      fc.property(connections, (connection) => {
        expect(parseAirflowConnection(airflowUri(connection))).toEqual(connection);
        expect(parseAirflowConnection(JSON.stringify(connection))).toEqual(connection);
      }),
    );
  });
});

describe('${airflow:…}', () => {
  const env = {
    AIRFLOW_CONN_WAREHOUSE: 'postgres://me:canary%2Fpw@db.example:5432/shop?sslmode=require',
    AIRFLOW_CONN_API: JSON.stringify({
      conn_type: 'http',
      host: 'https://api.example',
      password: 'canary-token',
      extra: { timeout: 30, service: { client_secret: 'canary-client', scope: 'read' }, 'x.y': 'dotted' },
    }),
    'AIRFLOW_CONN_TEAM.SHOP': 'mysql://db2/shop',
  };
  const resolve = (value: unknown, redactor = createRedactor()) => resolveConfig(value, { env, redactor });

  test('resolves to the URI of the connection, its fields and its extra', async () => {
    expect(
      await resolve({
        url: '${airflow:warehouse}',
        fields:
          '${airflow:warehouse.host} ${airflow:Warehouse.port} ${airflow:warehouse.login} ${airflow:warehouse.schema}',
        password: '${airflow:warehouse.password}',
        sslmode: '${airflow:warehouse.extra.sslmode}',
        secret: '${airflow:api.extra.service.client_secret}',
        timeout: '${airflow:api.extra.timeout}',
        dotted: '${airflow:api.extra.x.y}',
        object: '${airflow:api.extra.service}',
        shop: '${airflow:team.shop} ${airflow:team.shop.host} ${airflow:team.shop.conn_type}',
      }),
    ).toEqual({
      url: 'postgres://me:canary%2Fpw@db.example:5432/shop?sslmode=require',
      fields: 'db.example 5432 me shop',
      password: 'canary/pw',
      sslmode: 'require',
      secret: 'canary-client',
      timeout: '30',
      dotted: 'dotted',
      object: '{"client_secret":"canary-client","scope":"read"}',
      shop: 'mysql://db2/shop db2 mysql',
    });
  });

  test('its URI keeps the parameters of a driver, even if something else in the extra does not fit into one', async () => {
    const extra = { sslmode: 'verify-full', connect_timeout: 10, keepalives: true, options: { a: 1 } };
    const json = JSON.stringify({ conn_type: 'postgres', host: 'db', extra });
    const { url } = (await resolveConfig(
      { url: '${airflow:x}' },
      { env: { AIRFLOW_CONN_X: json }, redactor: createRedactor() },
    )) as { url: string };
    expect(url).toBe('postgres://db/?sslmode=verify-full&connect_timeout=10&keepalives=true');
  });

  test('its secrets are hidden, whichever field was asked for', async () => {
    const redactor = createRedactor();
    await resolve(['${airflow:warehouse.host}', '${airflow:api.host}'], redactor);
    expect(redactor.text('canary/pw canary%2Fpw canary-token canary-client read db.example')).toBe(
      '[redacted] [redacted] [redacted] [redacted] read db.example',
    );
  });

  test.each([
    ['${airflow:lake}', 'config a refers to the Airflow connection lake, but AIRFLOW_CONN_LAKE is not set'],
    ['${airflow:lake.password}', 'config a refers to the Airflow connection lake, but AIRFLOW_CONN_LAKE is not set'],
    [
      '${airflow:warehouse.user}',
      'config a refers to "user" of the Airflow connection warehouse, which is not a field',
    ],
    ['${airflow:api.login}', 'config a refers to login of the Airflow connection api, which does not have it'],
    [
      '${airflow:api.extra.none}',
      'config a refers to extra.none of the Airflow connection api, which does not have it',
    ],
  ])('names what %s is missing', async (reference, message) => {
    await expect(resolve({ a: reference })).rejects.toMatchObject({ code: 'CONFIG_REFERENCE', exitCode: 78, message });
  });

  test('a connection that cannot be parsed is named and not shown', async () => {
    const broken = resolveConfig(
      { a: '${airflow:x}' },
      { env: { AIRFLOW_CONN_X: '{"password":"canary"' }, redactor: createRedactor() },
    );
    await expect(broken).rejects.toThrow(
      'config a refers to the Airflow connection x, but AIRFLOW_CONN_X begins like JSON but is not valid JSON',
    );
  });
});
