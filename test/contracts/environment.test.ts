/** The environment variables that the command reads, other than those of its flags (see `commands.test.ts.snap`). */

import { readFile } from 'node:fs/promises';
import { delimiter, dirname } from 'node:path';
import { test } from 'vitest';
import { connector, createWorld } from './world.ts';

const RECORDER = new URL('record-environment.ts', import.meta.url).href;
/** Nothing listens on port 1. */
const NOWHERE = '127.0.0.1';

const TUNNEL = JSON.stringify({ host: NOWHERE, tunnel: `ssh://user@${NOWHERE}:1`, tunnelHostKey: 'any' });

/** Calls that together read every variable, with the settings that they need. */
const CALLS: [args: string[], env?: Record<string, string>][] = [
  [
    ['extract', connector('shop'), '--config', '{}', '--staging', 'staging'],
    { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${NOWHERE}:1` },
  ],
  [['check', 'postgres', '--config', '{"port":1}'], { PGHOST: NOWHERE }],
  [['check', 'postgres', '--config', TUNNEL]],
  [['dataset', 'show', 's3://bucket/shop/r1/extract'], { AWS_ENDPOINT_URL: `http://${NOWHERE}:1` }],
  [['check', connector('shop'), '--config', '{"token":"${airflow:shop.password}"}']],
];

test.concurrent('variables that the command reads', async ({ expect }) => {
  await using world = await createWorld({ names: '' });
  await Promise.all(
    CALLS.map(([args, env]) => {
      const variables = {
        ...env,
        PATH: `${dirname(process.execPath)}${delimiter}/bin`,
        HOME: world.path(''),
        NODE_OPTIONS: `--import=${RECORDER}`,
        RECORD_TO: world.path('names'),
      };
      const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
      return world.aries(args, { within: ['/usr/bin/env', '-i', ...settings] });
    }),
  );
  const names = new Set((await readFile(world.path('names'), 'utf8')).trim().split('\n'));
  const others = [...names].filter((name) => !name.startsWith('ARIES_')).sort();
  await expect(`${others.join('\n')}\n`).toMatchFileSnapshot('golden/environment.txt');
});
