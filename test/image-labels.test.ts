import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { imageLabels, originOf } from '../docker/image-labels.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';

test('labels are those of the OCI; what is not known is left out', () => {
  const labelled = { title: 'aries-file', description: 'Files', version: '1.2.3', license: 'MIT' };
  const created = new Date('2026-01-02T03:04:05Z');
  expect(imageLabels(labelled, { revision: 'abc', source: undefined }, created)).toEqual({
    'org.opencontainers.image.title': 'aries-file',
    'org.opencontainers.image.description': 'Files',
    'org.opencontainers.image.version': '1.2.3',
    'org.opencontainers.image.licenses': 'MIT',
    'org.opencontainers.image.revision': 'abc',
    'org.opencontainers.image.created': '2026-01-02T03:04:05.000Z',
  });
});

test.each([
  ['https://user:secret@example.com/some/aries.git', 'https://example.com/some/aries'],
  ['git@example.com:some/aries.git', 'https://example.com/some/aries'],
  ['ssh://git@example.com/some/aries', 'https://example.com/some/aries'],
  ['/srv/aries.git', undefined],
])('the source of a clone of %s is %s', async (remote, source) => {
  const folder = await temporaryFolder();
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
  execFileSync('git', ['remote', 'add', 'origin', remote], { cwd: folder });
  expect(originOf(folder, {})).toEqual({ revision: undefined, source });
});

test('a workflow says where its code comes from', () => {
  const env = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'some/aries' };
  expect(originOf(tmpdir(), env).source).toBe('https://github.com/some/aries');
});
