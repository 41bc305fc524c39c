import { access, constants, stat } from 'node:fs/promises';
import { AriesError } from '@aries-data/sdk';
import { XCOM_FOLDER } from '../report/result-files.ts';
import { examine, type Finding } from './finding.ts';

/** Whether the result can be handed to Airflow, where it wants that. */
export function examineXcom(folder = XCOM_FOLDER): Promise<Finding> {
  return examine('xcom folder', async () => {
    const found = await stat(folder).catch(() => undefined);
    if (found === undefined) return `${folder} is not there: results go to stdout`;
    if (!found.isDirectory()) throw unusable(`${folder} is no folder`);
    await access(folder, constants.W_OK).catch((cause: NodeJS.ErrnoException) => {
      throw unusable(`${folder} cannot be written to: ${cause.code}`);
    });
    return `results go to ${folder}/return.json as well`;
  });
}

function unusable(message: string): AriesError {
  return new AriesError('NOT_ALLOWED', message, {
    hint: 'Mount it so that the user of this process may write there (securityContext.fsGroup), or not at all.',
  });
}
