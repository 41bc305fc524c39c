import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import nock from 'nock';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../../../test/folders/temporary-folder.ts';
import { readAll } from '../../testing/src/read-all.ts';
import { stubNetwork } from '../../testing/src/stubbed-network.ts';
import { restSource } from './index.ts';

stubNetwork();

const YAML = `baseUrl: https://{config.host}.example.com
auth: { type: bearer, token: "{config.token}" }
pagination: { type: none }
streams:
  things:
    path: /things
    query: { tags: "{config.tags|joined}", tag: "{config.tags}", state: "{config.state}" }
    schema: { id: int64 }
`;
const config = z.strictObject({
  host: z.string(),
  token: z.string().meta({ secret: true }),
  tags: z.array(z.string()).default(['a', 'b']),
  state: z.string().optional(),
});

async function sourceOf(yaml: string) {
  const file = join(await temporaryFolder(), 'things.yaml');
  await writeFile(file, yaml);
  return restSource({ config, api: pathToFileURL(file) });
}

test('a YAML file becomes a source with its config filled in; options that are not set are omitted', async () => {
  nock('https://eu.example.com', { reqheaders: { authorization: 'Bearer secret-token' } })
    .get('/things?tags=a%2Cb&tag=a&tag=b')
    .reply(200, [{ id: 1 }]);
  const source = await sourceOf(YAML);
  const { records } = await readAll(source, { config: { host: 'eu', token: 'secret-token' }, stream: 'things' });
  expect(records).toEqual([{ id: '1' }]);
});

test('a mistake in it is an error of the connector, with its line', async () => {
  const source = await sourceOf(YAML.replace('{ id: int64 }', '{ id: int46 }'));
  const failure = readAll(source, { config: { host: 'eu', token: 'secret-token' }, stream: 'things' });
  await expect(failure).rejects.toMatchObject({
    code: 'CONNECTOR_INVALID',
    message: expect.stringMatching(
      /^things\.yaml: config streams\.things\.schema\.id: expected one of .* \(things\.yaml:8\)$/,
    ),
    hint: 'Correct things.yaml of the connector.',
  });
  await expect(
    readAll(await sourceOf('a: [1'), { config: { host: 'eu', token: 'x' }, stream: 'things' }),
  ).rejects.toMatchObject({
    code: 'CONNECTOR_INVALID',
  });
});
