import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { validateWorkflow } from '@action-validator/core';
import { parse as parseHcl } from '@cdktf/hcl2json';
import { expect, test } from 'vitest';
import { temporaryFolder } from './folders/temporary-folder.ts';

const run = promisify(execFile);
const guide = readFileSync(join(import.meta.dirname, '../docs/guides/other-schedulers.md'), 'utf8');

/** Extracts the guide's blocks in a language. */
function blocks(language: string): string[] {
  return [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, block = '']) => block,
  );
}

test('the GitHub workflow matches its schema', () => {
  const [workflow = ''] = blocks('yaml');
  expect(validateWorkflow(workflow).errors).toEqual([]);
  expect(validateWorkflow(workflow.replace('runs-on', 'run-son')).errors).not.toEqual([]);
});

test('systemd accepts the units', async ({ skip }) => {
  const folder = await temporaryFolder();
  const units = blocks('ini').map((unit) => unit.replace('/usr/local/bin/aries', '/bin/true'));
  expect(units).toHaveLength(2);
  const files = ['aries-orders.service', 'aries-orders.timer'].map((name) => join(folder, name));
  for (const [index, file] of files.entries()) await writeFile(file, units[index]!);
  const verify = run('systemd-analyze', ['verify', ...files]).catch((error) => {
    if (error.code === 'ENOENT') skip('this machine has no systemd-analyze');
    throw error;
  });
  expect(await verify).toEqual({ stdout: '', stderr: '' });
});

test('the Nomad job is valid HCL', async () => {
  const [hcl = ''] = blocks('hcl');
  const { job } = await parseHcl('orders.nomad.hcl', hcl);
  const [{ group, periodic }] = job.orders;
  expect(periodic).toEqual([{ crons: ['0 6 * * *'], time_zone: 'UTC', prohibit_overlap: true }]);
  expect(group.aries[0].task.run[0].config[0].args.slice(0, 2)).toEqual(['run', 'pipeline.yaml']);
});

test('the Python code is valid', async ({ skip }) => {
  const programs = blocks('python');
  expect(programs).toHaveLength(2);
  for (const program of programs) {
    await run('python3', ['-c', 'import ast, sys; ast.parse(sys.argv[1])', program]).catch((error) => {
      if (error.code === 'ENOENT') skip('this machine has no python3');
      throw error;
    });
  }
});
