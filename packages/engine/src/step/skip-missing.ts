import { AriesError, isAriesError } from '@aries-data/sdk';

/** Returns the error to throw for one: with `skipMissing`, an input that is not there yet is nothing to do. */
export function unlessMissing(error: unknown, skipMissing: boolean | undefined): unknown {
  if (skipMissing !== true || !isAriesError(error) || error.code !== 'INPUT_NOT_READY') return error;
  return new AriesError('NOTHING_TO_DO', error.message, {
    connector: error.connector,
    stream: error.stream,
    hint: 'It ends with 99 because of --skip-missing.',
  });
}
