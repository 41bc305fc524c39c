import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AriesError } from '@aries-data/sdk';

/** Where Airflow's KubernetesPodOperator, among others, picks up the result of a task. */
export const XCOM_FOLDER = '/airflow/xcom';

/**
 * Returns the files that the result is written to, in addition to stdout. An older file at `--result-file` is removed first: a run
 * that is killed must not leave the success of the previous one.
 */
export async function prepareResultFiles(resultFile: string | undefined, xcomFolder = XCOM_FOLDER): Promise<string[]> {
  const files: string[] = [];
  if (resultFile !== undefined) {
    await access(dirname(resultFile), constants.W_OK).catch((cause: NodeJS.ErrnoException) => {
      throw new AriesError(
        'USAGE',
        `--result-file cannot be written: ${dirname(resultFile)} ${cause.code === 'ENOENT' ? 'does not exist' : `cannot be written to (${cause.code})`}`,
        {
          cause,
          hint: 'Name a file in a folder that exists and can be written to.',
        },
      );
    });
    await rm(resultFile, { force: true });
    files.push(resultFile);
  }
  const xcom = await stat(xcomFolder).catch(() => undefined);
  if (xcom?.isDirectory()) files.push(join(xcomFolder, 'return.json'));
  return files;
}

/** Writes a file atomically: readers see the old one or the new one. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, text, { flush: true });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
