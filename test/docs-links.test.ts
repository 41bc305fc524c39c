import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { anchorMaker } from '../scripts/docs/markdown.ts';

const root = resolve(import.meta.dirname, '..');
const files = ['*.md', 'docs/**/*.md', '{connectors,packages}/*/README.md'].flatMap((pattern) =>
  globSync(pattern, { cwd: root }),
);

test.each(files)('every link in %s has a target', (file) => {
  const broken = linksOf(textOf(file)).filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : join(dirname(file), path);
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(textOf(target)).has(anchor);
  });
  expect(broken).toEqual([]);
});

function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '');
}

function linksOf(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^\w+:/.test(link));
}

function anchorsOf(markdown: string): Set<string> {
  const anchor = anchorMaker();
  return new Set([...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchor(heading)));
}
