import { access, constants, stat } from 'node:fs/promises';
import { AriesError } from '@aries-data/sdk';
import { XCOM_FOLDER } from '../report/result-files.ts';
import { examine, type Finding } from './finding.ts';

/** Checks that the result can be handed to Airflow, if its folder exists. */
export function examineXcom(folder = XCOM_FOLDER): Promise<Finding> {
  return examine('xcom folder', async () => {
    const found = await stat(folder).catch(() => undefined);
    if (found === undefined) return `${folder} does not exist: results go to stdout`;
    if (!found.isDirectory()) throw unusable(`${folder} is not a folder`);
    await access(folder, constants.W_OK).catch((cause: NodeJS.ErrnoException) => {
      throw unusable(`${folder} cannot be written to: ${cause.code}`);
    });
    return `results go to ${folder}/return.json as well`;
  });
}

function unusable(message: string): AriesError {
  return new AriesError('NOT_ALLOWED', message, {
    hint: 'Mount it so that the user of this process may write there (securityContext.fsGroup), or do not mount it.',
  });
}
