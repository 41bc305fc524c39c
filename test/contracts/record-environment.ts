/**
 * Loaded before the command: writes the names of variables that our code reads, set or not, to the file `RECORD_TO`. Of the variables
 * read by dependencies only those of libpq count, which the driver reads.
 */

import { appendFileSync } from 'node:fs';

const { RECORD_TO = '' } = process.env;
/** Variables read by connectors of the tests do not count. */
const HERE = new URL('.', import.meta.url).href;
const recorded = new Set<string>();
/** Names that a walk over all variables has reached. Their values are read right after. */
const walked = new Set<string>();

process.env = new Proxy(process.env, {
  getOwnPropertyDescriptor(target, name) {
    if (typeof name === 'string') walked.add(name);
    return Reflect.getOwnPropertyDescriptor(target, name);
  },
  get(target, name) {
    if (typeof name === 'string' && !walked.delete(name) && !recorded.has(name) && isOurs(name)) {
      recorded.add(name);
      appendFileSync(RECORD_TO, `${name}\n`);
    }
    return Reflect.get(target, name);
  },
});

function isOurs(name: string): boolean {
  if (/^PG[A-Z]/.test(name)) return true;
  const reader = new Error().stack?.split('\n').find((line) => /^ +at /.test(line) && !line.includes(import.meta.url));
  return reader?.includes('file:') === true && !reader.includes('/node_modules/') && !reader.includes(HERE);
}
