import { AriesError } from '@aries-data/sdk';

/** Makes the error for a double that JSON cannot represent. */
export function noSuchNumber(row: number, name: string, value: string): AriesError {
  return new AriesError(
    'DATA_INVALID',
    `row ${row}: "${name}" is ${JSON.stringify(value)}, a number that JSON cannot represent`,
    { hint: 'Select it as text, or as numeric if that can hold these values.' },
  );
}
