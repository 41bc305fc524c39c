import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AriesError } from '@aries-data/sdk';
import type { Ask } from '../session.ts';
import type { Place } from './place.ts';

/**
 * Writes files by their paths. Before it writes anything, it asks once whether to overwrite the files that differ. Throws `USAGE`, with
 * nothing written, if the answer is no or there is no terminal to ask on.
 */
export async function writeFiles(
  { folder, shown }: Place,
  files: Record<string, string>,
  ask: Ask | undefined,
): Promise<void> {
  const differing = Object.keys(files).filter((path) => {
    const file = join(folder, path);
    return existsSync(file) && readFileSync(file, 'utf8') !== files[path];
  });
  if (differing.length > 0) {
    const answer = await ask?.(
      `${shown} has ${differing.join(', ')}. Overwrite ${differing.length === 1 ? 'it' : 'them'}? [y/N] `,
    );
    if (!/^y(?:es)?$/i.test(answer?.trim() ?? '')) {
      throw new AriesError('USAGE', `${shown} already has ${differing.join(', ')}; nothing was written`, {
        hint: 'Use another name, or move the folder away.',
      });
    }
  }
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
