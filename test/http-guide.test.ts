import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { runAries } from '../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';

const guide = readFileSync(resolve(import.meta.dirname, '../docs/guides/http.md'), 'utf8');

test('the connector in docs/guides/http.md runs check and reads an API page by page', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'issues.ts'), /```ts\n([\s\S]*?)```/.exec(guide)![1]!);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`);
    const first = { items: [issue(1)], paging: { next: 'b' } };
    const last = { items: [issue(2)], paging: {} };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(request.url?.includes('after=b') ? last : first));
  }).listen(0, '127.0.0.1');
  try {
    await new Promise((listening) => server.once('listening', listening));
    const config = JSON.stringify({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
      token: '${env:API_TOKEN}',
    });
    const run = (...args: string[]) => runAries(args, { cwd: folder, env: { API_TOKEN: 'tok-123456' } });
    const checked = await run('check', './issues.ts', '--config', config);
    expect({ code: checked.code, stderr: checked.code === 0 ? '' : checked.stderr }).toEqual({ code: 0, stderr: '' });
    const { code, stdout, stderr } = await run(
      'extract',
      './issues.ts',
      ...['--config', config, '--staging', './staging', '--log-level', 'debug'],
    );
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout).streams.issues).toMatchObject({ records: 2, rejected: 0 });
    expect(asked).toEqual([
      '/v1/me Bearer tok-123456',
      '/v1/issues Bearer tok-123456',
      '/v1/issues?after=b Bearer tok-123456',
    ]);
    expect(stderr).toContain('/v1/issues?after=b 200');
    expect(stderr + stdout).not.toContain('tok-123456');
  } finally {
    server.close();
  }
});

function issue(id: number): object {
  return { id, title: `issue ${id}`, updated_at: '2026-01-01T00:00:00Z' };
}
