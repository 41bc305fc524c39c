import { AriesError, type LedgerRow, type Store } from '@aries-data/sdk';

const PREFIX = '_aries/ledger-';

/** Versions that stay, so that a writer which is slow meets the one it would overwrite. */
const KEPT_VERSIONS = 20;

/** The ledger of a folder: one immutable file per version, each with all rows, written only if absent. */
export interface LedgerFile {
  /** All rows, oldest first. */
  rows(): Promise<LedgerRow[]>;
  append(rows: readonly LedgerRow[]): Promise<void>;
  /** Takes a pipeline's rows out and returns how many there were. */
  forget(pipeline: string): Promise<number>;
}

interface Version {
  number: number;
  rows: LedgerRow[];
}

/** The ledger in a store's folder `_aries`. */
export function ledgerFile(store: Store): LedgerFile {
  async function versions(): Promise<number[]> {
    const numbers: number[] = [];
    for await (const { key } of store.list(PREFIX)) {
      const number = /^(\d+)\.ndjson$/.exec(key.slice(PREFIX.length))?.[1];
      if (number !== undefined) numbers.push(Number(number));
    }
    return numbers.sort((a, b) => a - b);
  }

  async function newest(): Promise<Version> {
    for (;;) {
      const number = (await versions()).at(-1);
      if (number === undefined) return { number: 0, rows: [] };
      const body = await store.read(keyOf(number));
      // Another process may have cleared it away in between; then there is a newer one.
      if (body !== null) return { number, rows: parse(body.toString(), store.uriOf(keyOf(number))) };
    }
  }

  /** Compare-and-swap: where another process wrote first, the change is made upon what it wrote. */
  async function change(apply: (rows: LedgerRow[]) => LedgerRow[]): Promise<void> {
    for (;;) {
      const before = await newest();
      const after = apply(before.rows);
      if (after.length === before.rows.length) return;
      const number = before.number + 1;
      const body = after.map((row) => `${JSON.stringify(row)}\n`).join('');
      if (!(await store.writeIfAbsent(keyOf(number), Buffer.from(body)))) continue;
      const numbers = await versions();
      await store.remove(numbers.filter((one) => one <= number - KEPT_VERSIONS).map(keyOf));
      // A writer that slept while many versions were written and cleared away has written an old one.
      if (numbers.at(-1) === number) return;
    }
  }

  return {
    rows: async () => (await newest()).rows,

    append: (rows) =>
      change((before) => {
        const known = new Set(before.map((row) => JSON.stringify(row)));
        return [...before, ...rows.filter((row) => !known.has(JSON.stringify(row)))];
      }),

    async forget(pipeline) {
      let count = 0;
      await change((before) => {
        const kept = before.filter((row) => row.pipeline !== pipeline);
        count = before.length - kept.length;
        return kept;
      });
      return count;
    },
  };
}

function keyOf(number: number): string {
  return `${PREFIX}${String(number).padStart(8, '0')}.ndjson`;
}

function parse(text: string, uri: string): LedgerRow[] {
  try {
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LedgerRow);
  } catch (cause) {
    throw new AriesError('DATASET_CORRUPT', `the ledger ${uri} cannot be read`, {
      cause,
      hint: 'Restore it from a backup; the version before it lies beside it.',
    });
  }
}
