import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Writes pages and sections; with `check` it only reports outdated ones on stderr. */
export interface Pages {
  /** Writes a page that is generated as a whole. */
  page(file: string, content: string): void;
  /** Writes the text between `<!-- marker -->` and `<!-- /marker -->`. */
  section(file: string, marker: string, content: string): void;
  /** Reports a fault in the source of a page. */
  fault(message: string): void;
  /** Returns the number of faults. */
  faults(): number;
}

/** Makes a writer for pages, named by their path in the repository. */
export function createPages(root: string, { check }: { check: boolean }): Pages {
  let faults = 0;
  const fault = (message: string) => {
    console.error(message);
    faults++;
  };
  const write = (file: string, before: string, after: string) => {
    if (after === before) return;
    if (check) fault(`${file} is outdated: run node scripts/generate-docs.ts`);
    else writeFileSync(resolve(root, file), after);
  };
  return {
    fault,
    faults: () => faults,
    page(file, content) {
      const path = resolve(root, file);
      write(file, existsSync(path) ? readFileSync(path, 'utf8') : '', `${content.trimEnd()}\n`);
    },
    section(file, marker, content) {
      const before = readFileSync(resolve(root, file), 'utf8');
      const [start, end] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
      const [from, to] = [before.indexOf(start), before.indexOf(end)];
      if (from < 0 || to < from) fault(`${file} has no place for ${start} … ${end}`);
      else write(file, before, `${before.slice(0, from + start.length)}\n${content}\n${before.slice(to)}`);
    },
  };
}
