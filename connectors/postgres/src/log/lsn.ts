import { AriesError } from '@aries-data/sdk';

/** A place in the write-ahead log: the number of bytes before it. */
export type Lsn = bigint;

const LSN = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i;

/** Reads an LSN as PostgreSQL prints it: `16/B374D848`. Throws `DATA_INVALID` for any other text. */
export function parseLsn(text: string): Lsn {
  const [, high, low] = LSN.exec(text) ?? [];
  if (high === undefined) {
    throw new AriesError('DATA_INVALID', `Postgres: ${JSON.stringify(text)} is not a place in the log (LSN)`, {
      hint: 'Report it: the server should not send this.',
    });
  }
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

/** Writes an LSN as PostgreSQL does, without leading zeros, so that the same place always has the same text. */
export function lsnText(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffff_ffffn).toString(16)}`.toUpperCase();
}

/** Returns the earliest of some places, of which there must be one. */
export function earliest(lsns: readonly Lsn[]): Lsn {
  return lsns.toSorted((one, other) => (one < other ? -1 : 1))[0]!;
}

/** Returns the latest of some places, of which there must be one. */
export function latest(lsns: readonly Lsn[]): Lsn {
  return lsns.toSorted((one, other) => (one < other ? 1 : -1))[0]!;
}
