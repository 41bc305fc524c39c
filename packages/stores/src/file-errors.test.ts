import { AriesError } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { fileError } from './file-errors.ts';

const failure = (code: string | undefined, message: string) => Object.assign(new Error(message), { code });

test.each([
  ['ENOSPC', 'RESOURCE_BUSY', 'transient'],
  ['EDQUOT', 'RESOURCE_BUSY', 'transient'],
  ['EACCES', 'NOT_ALLOWED', 'auth'],
  ['EPERM', 'NOT_ALLOWED', 'auth'],
  ['EROFS', 'NOT_ALLOWED', 'auth'],
])('%s is %s (%s), and names the path', (code, expected, kind) => {
  const cause = failure(code, `${code}: no`);
  expect(fileError(cause, '/data/part')).toMatchObject({
    code: expected,
    kind,
    cause,
    message: expect.stringContaining('/data/part'),
  });
});

test('a path that the message has already is not named twice', () => {
  const cause = failure('EACCES', "EACCES: permission denied, open '/data/part'");
  expect(fileError(cause, '/data/part')).toMatchObject({ message: cause.message });
});

test.each([
  ['of another kind', failure('EISDIR', 'it is a folder')],
  ['that is none of the file system', failure(undefined, 'broken')],
  ['that says already what it means', new AriesError('NOT_FOUND', 'nothing there')],
])('an error %s is left as it is', (_, error) => {
  expect(fileError(error, '/data/part')).toBe(error);
});
