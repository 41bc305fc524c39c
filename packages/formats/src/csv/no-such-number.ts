import { AriesError } from '@aries-data/sdk';

/** The error of a double that JSON does not have. */
export function noSuchNumber(row: number, name: string, value: string): AriesError {
  return new AriesError(
    'DATA_INVALID',
    `row ${row}: "${name}" is ${JSON.stringify(value)}, a number that JSON does not have`,
    { hint: 'Select it as text or as numeric, where that has these values too.' },
  );
}
