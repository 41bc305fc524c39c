import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readTemplates, type Templates } from './read-templates.ts';

/** Loads the templates that were packed next to the bundle, or else those of the repository. */
export function loadTemplates(): Templates {
  const packed = new URL('templates.json', import.meta.url);
  return existsSync(packed)
    ? (JSON.parse(readFileSync(packed, 'utf8')) as Templates)
    : readTemplates(fileURLToPath(new URL('../../../..', import.meta.url)));
}
