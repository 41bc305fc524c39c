import { AriesError, type Batch, type LoadPart, originOf, type Rejection, withOrigin } from '@aries-data/sdk';
import type { Copied, CopyTarget, Refusal, SqlConnection } from './connection.ts';

/** Copies batches and parts into one table, several at a time. Records that the database refuses are found and rejected; the others are copied. */
export interface Copier {
  /** Returns as soon as there is room for the next one. A failure is thrown by a later call. */
  batch(batch: Batch): Promise<void>;
  part(part: LoadPart): Promise<void>;
  /** Waits for all copies. Returns how many rows the database counted. */
  finish(): Promise<number>;
}

export interface CopierOptions {
  into: CopyTarget;
  /** How many copies may run at a time. 1 keeps the order. */
  slots: number;
  /** Lends a connection. */
  use<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T>;
  /** Runs a copy; inside a transaction, undoes it if it is refused. */
  attempt(connection: SqlConnection, copy: () => Promise<Copied>): Promise<Copied>;
  reject(rejection: Rejection): void;
}

export function createCopier({ into, slots, use, attempt, reject }: CopierOptions): Copier {
  const running = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  let received = 0;
  let handedIn = 0;

  async function start(work: (connection: SqlConnection) => Promise<number>): Promise<void> {
    while (running.size >= slots && failure === undefined) await Promise.race(running);
    if (failure !== undefined) throw failure.error;
    const copy = use(work)
      .then(
        (rows) => {
          received += rows;
        },
        (error) => {
          failure ??= { error };
        },
      )
      .finally(() => running.delete(copy));
    running.add(copy);
  }

  /** Copies a batch. If it is refused, copies it in pieces, until each bad record is alone in its piece. */
  async function copyRecords(connection: SqlConnection, batch: Batch, before: number): Promise<number> {
    let rows = 0;
    let named = -1;
    let isTrusted = true;
    const pieces: [start: number, end: number][] = [[0, batch.length]];
    for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
      const [start, end] = piece;
      const copied = await attempt(connection, () => connection.copyBatch(into, batch.slice(start, end)));
      if ('rows' in copied) {
        rows += copied.rows;
        // The named record was good. A database that names the wrong one may name all in turn; halving is faster then.
        if (start === named && end === start + 1) isTrusted = false;
      } else if (end - start === 1) {
        reject(rejectionOf(batch, start, copied.refused, before));
      } else {
        const { index } = copied.refused;
        named = index === undefined ? -1 : start + index;
        pieces.push(...split(start, end, isTrusted ? index : undefined));
      }
    }
    return rows;
  }

  /** Copies a part that was refused as a whole, by its records. Several of its small batches go into one copy. */
  async function copyDecoded(connection: SqlConnection, part: LoadPart, before: number): Promise<number> {
    let [rows, at] = [0, before];
    let waiting: Batch[] = [];
    const copyWaiting = async (): Promise<void> => {
      const batch = together(waiting);
      waiting = [];
      rows += await copyRecords(connection, batch, at);
      at += batch.length;
    };
    for await (const batch of part.batches()) {
      waiting.push(batch);
      if (waiting.length === BATCHES_IN_A_COPY) await copyWaiting();
    }
    if (waiting.length > 0) await copyWaiting();
    if (at - before !== part.rows) throw partDiffers(part, at - before);
    return rows;
  }

  return {
    async batch(batch) {
      if (batch.length === 0) return;
      const before = handedIn;
      handedIn += batch.length;
      await start((connection) => copyRecords(connection, batch, before));
    },

    async part(part) {
      const before = handedIn;
      handedIn += part.rows;
      await start(async (connection) => {
        const copied = await attempt(connection, () => connection.copyPart!(into, part));
        return 'rows' in copied ? copied.rows : copyDecoded(connection, part, before);
      });
    },

    async finish() {
      while (running.size > 0) await Promise.race(running);
      if (failure !== undefined) throw failure.error;
      return received;
    },
  };
}

/** Some megabytes: few statements, and little memory. */
const BATCHES_IN_A_COPY = 16;

/** Joins batches into one that keeps the origins of its records. */
function together(batches: readonly Batch[]): Batch {
  const [only, ...others] = batches;
  if (only !== undefined && others.length === 0) return only;
  const origins = batches.flatMap((batch) => batch.map((_, index) => [batch, index] as const));
  // Only if every batch has origins: without them, `reject` counts from the start of the part.
  if (batches.some((batch) => originOf(batch, 0) === undefined)) return batches.flat();
  return withOrigin(batches.flat(), (index) => {
    const [batch, position] = origins[index]!;
    return originOf(batch, position)!;
  });
}

/** Splits a piece around the record that the database names, or in halves. The piece to try first comes last. */
function split(start: number, end: number, index: number | undefined): [number, number][] {
  if (index === undefined || index < 0 || index >= end - start) {
    const middle = start + Math.floor((end - start) / 2);
    return [
      [middle, end],
      [start, middle],
    ];
  }
  const at = start + index;
  const pieces: [number, number][] = [
    [at + 1, end],
    [at, at + 1],
    [start, at],
  ];
  return pieces.filter(([from, to]) => from < to);
}

function rejectionOf(batch: Batch, index: number, { reason, field, value }: Refusal, before: number): Rejection {
  const record = batch[index]!;
  const shown = value === undefined || value.length <= 100 ? value : `${value.slice(0, 100)}…`;
  const where =
    field === undefined || reason.includes(`"${field}"`)
      ? ''
      : `"${field}"${shown === undefined ? '' : ` = ${JSON.stringify(shown)}`}: `;
  return { reason: `${where}${reason}`, origin: originOf(batch, index) ?? `record ${before + index + 1}`, record };
}

function partDiffers(part: LoadPart, found: number): AriesError {
  return new AriesError('DATASET_CORRUPT', `A part has ${found} records where its manifest says ${part.rows}`, {
    hint: 'Extract the dataset again with --force.',
  });
}
