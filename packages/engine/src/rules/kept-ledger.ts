import type { LedgerRow } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { z } from 'zod';
import { stateFolder } from '../dataset/layout.ts';
import { instant, intervalSchema, stateSchema } from '../dataset/manifest.ts';
import { type DocumentKind, sealed, unsealed } from '../dataset/sealed.ts';

/** The ledger of one pipeline and one destination that has no place for it: it lies beside the pipeline's state. */
export interface KeptLedger {
  /** Oldest first. */
  rows(): Promise<LedgerRow[]>;
  append(rows: readonly LedgerRow[]): Promise<void>;
  /** Takes all rows out and returns how many there were. */
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
        disposition: z.enum(['append', 'replace', 'replace-interval', 'merge']),
        interval: intervalSchema.nullable(),
        stateBefore: stateSchema.nullable(),
        stateAfter: stateSchema.nullable(),
        readStart: instant,
        rows: z.int().min(0),
        loadedAt: instant,
        fields: z.array(z.tuple([text, text])).optional(),
      }),
    ),
  }),
  hint: 'Restore the file from a backup; the version before it lies beside it. Without it Aries does not know what was sent already.',
  compact: true,
};

/** Versions that stay, so that a writer which is slow meets the one that it would overwrite. */
const KEPT_VERSIONS = 20;

/** `id` tells the destination from others that the pipeline is loaded into. */
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
      // Another process may have cleared it away in between; then there is a newer one.
      if (bytes !== null) return { number, rows: unsealed(KIND, bytes, store.uriOf(keyOf(number))).rows };
    }
  }

  /** Compare-and-swap: where another process wrote first, the change is made to what it wrote. */
  async function change(apply: (rows: LedgerRow[]) => LedgerRow[]): Promise<void> {
    for (;;) {
      const before = await newest();
      const rows = apply(before.rows);
      if (rows.length === before.rows.length) return;
      const number = before.number + 1;
      if (!(await store.writeIfAbsent(keyOf(number), sealed(KIND, { ledgerVersion: 1, rows })))) continue;
      const all = await numbers();
      await store.remove(all.filter((one) => one <= number - KEPT_VERSIONS).map(keyOf));
      // A writer that slept while many versions were written and cleared away has written an old one.
      if (all.at(-1) === number) return;
    }
  }

  return {
    rows: async () => (await newest()).rows,
    append: (added) =>
      change((rows) => {
        const known = new Set(rows.map((row) => JSON.stringify(row)));
        return [...rows, ...added.filter((row) => !known.has(JSON.stringify(row)))];
      }),
    async forget() {
      let count = 0;
      await change((rows) => {
        count = rows.length;
        return [];
      });
      return count;
    },
  };
}
