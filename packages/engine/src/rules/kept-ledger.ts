import type { LedgerRow } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { z } from 'zod';
import { stateFolder } from '../dataset/layout.ts';
import { dispositionSchema, instant, intervalSchema, stateSchema } from '../dataset/manifest.ts';
import { type DocumentKind, sealed, unsealed } from '../dataset/sealed.ts';

/** Ledger of a pipeline for a destination that cannot store one. It is kept next to the pipeline's state. */
export interface KeptLedger {
  /** Reads all rows, oldest first. */
  rows(): Promise<LedgerRow[]>;
  /** Adds rows, and deletes those of `dropped`. */
  append(rows: readonly LedgerRow[], dropped?: readonly LedgerRow[]): Promise<void>;
  /** Deletes all rows and returns how many there were. */
  forget(): Promise<number>;
}

interface Contents {
  ledgerVersion: 1;
  rows: LedgerRow[];
}

const text = z.string();
const KIND: DocumentKind<Contents> = {
  name: 'ledger',
  schema: z.object({
    ledgerVersion: z.literal(1),
    rows: z.array(
      z.object({
        pipeline: text,
        stream: text,
        target: text,
        identity: text,
        runId: text,
        digest: text,
        disposition: dispositionSchema,
        interval: intervalSchema.nullable(),
        stateBefore: stateSchema.nullable(),
        stateAfter: stateSchema.nullable(),
        readStart: instant,
        rows: z.int().min(0),
        loadedAt: instant,
        fields: z.array(z.tuple([text, text])).optional(),
        input: z.object({ source: text, items: z.array(text).optional() }).optional(),
        forgotten: z
          .object({
            last: instant.optional(),
            replaced: instant.optional(),
            items: z.boolean().optional(),
            intervals: z.array(intervalSchema.extend({ first: instant, last: instant })).optional(),
          })
          .optional(),
      }),
    ),
  }),
  hint: 'Restore the file from a backup, or use the previous version next to it. Without it Aries does not know what it has already sent.',
  compact: true,
};

/** Number of versions to keep, so that a slow writer still finds the one that it would overwrite. */
const KEPT_VERSIONS = 20;

/** Opens the ledger. `id` identifies the destination among others that the pipeline is loaded into. */
export function keptLedger(store: Store, pipeline: string, id: string): KeptLedger {
  const prefix = `${stateFolder(pipeline)}/ledger-${id}-`;
  const keyOf = (number: number) => `${prefix}${String(number).padStart(8, '0')}.json`;

  async function numbers(): Promise<number[]> {
    const found: number[] = [];
    for await (const { key } of store.list(prefix)) {
      const number = /^(\d{8,})\.json$/.exec(key.slice(prefix.length))?.[1];
      if (number !== undefined) found.push(Number(number));
    }
    return found.sort((a, b) => a - b);
  }

  async function newest(): Promise<{ number: number; rows: LedgerRow[] }> {
    for (;;) {
      const number = (await numbers()).at(-1);
      if (number === undefined) return { number: 0, rows: [] };
      const bytes = await store.read(keyOf(number));
      // Another process may have deleted it in the meantime; then there is a newer one.
      if (bytes !== null) return { number, rows: unsealed(KIND, bytes, store.uriOf(keyOf(number))).rows };
    }
  }

  /**
   * Changes the rows by compare-and-swap: if another process wrote first, applies the change to its version. It returns undefined to
   * change nothing.
   */
  async function change(apply: (rows: LedgerRow[]) => LedgerRow[] | undefined): Promise<void> {
    for (;;) {
      const before = await newest();
      const rows = apply(before.rows);
      if (rows === undefined) return;
      const number = before.number + 1;
      if (!(await store.writeIfAbsent(keyOf(number), sealed(KIND, { ledgerVersion: 1, rows })))) continue;
      const all = await numbers();
      await store.remove(all.filter((one) => one <= number - KEPT_VERSIONS).map(keyOf));
      // If this writer slept while many versions were written and deleted, the one it wrote is already old.
      if (all.at(-1) === number) return;
    }
  }

  return {
    rows: async () => (await newest()).rows,
    append: (added, dropped = []) =>
      change((rows) => {
        const known = new Set(rows.map((row) => JSON.stringify(row)));
        const unknown = added.filter((row) => !known.has(JSON.stringify(row)));
        if (unknown.length === 0) return undefined;
        const gone = new Set(dropped.map((row) => JSON.stringify(row)));
        return [...rows.filter((row) => !gone.has(JSON.stringify(row))), ...unknown];
      }),
    async forget() {
      let count = 0;
      await change((rows) => {
        count = rows.length;
        return count === 0 ? undefined : [];
      });
      return count;
    },
  };
}
