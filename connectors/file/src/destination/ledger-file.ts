import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError, type LedgerRow, type Log } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { z } from 'zod';

const PREFIX = '_aries/ledger-';

/** Versions that stay, so that a writer which is slow meets the one it would overwrite. */
const KEPT_VERSIONS = 20;

/** How long to go on where others write the ledger all the time. */
const PATIENCE_MS = 60_000;

/** What one version of the ledger says. */
export interface LedgerContents {
  /** Which datasets are loaded, oldest first. */
  rows: readonly LedgerRow[];
  /** The files that were added to targets and not replaced since. `identity` is the name of the target's own file. */
  files: readonly AddedFile[];
  /** What this version changes about the visible files, in this order. Each step may be repeated. */
  steps: FileSteps;
}

export interface AddedFile {
  identity: string;
  file: string;
}

export interface FileSteps {
  publish: readonly { file: string; ticket: string }[];
  remove: readonly string[];
}

export const NO_STEPS: FileSteps = { publish: [], remove: [] };

/**
 * The ledger of a folder, and with it the commit of loads: one immutable file per version, written only if absent. A version says
 * which datasets are loaded and which files they are; the visible files follow it. Whoever comes next finishes what a process
 * that died after its version was written has left undone.
 */
export interface LedgerFile {
  /** All rows, oldest first, once all visible files are as the ledger says. */
  rows(): Promise<readonly LedgerRow[]>;
  /**
   * Writes the next version and makes the visible files follow it. `change` is asked again, with what they wrote, where others
   * were first; undefined changes nothing. `onWrite` is told before each try that can succeed, and whether it did not.
   */
  change(
    change: (before: LedgerContents) => LedgerContents | undefined,
    onWrite?: (outcome: 'begins' | 'failed') => void,
  ): Promise<void>;
}

interface Version extends LedgerContents {
  number: number;
  /** Its steps are done. */
  settled: boolean;
}

/** The ledger in a store's folder `_aries`. */
export function ledgerFile(store: Store, log: Pick<Log, 'warn'>): LedgerFile {
  async function versions(): Promise<{ numbers: number[]; settled: Set<number> }> {
    const numbers: number[] = [];
    const settled = new Set<number>();
    for await (const { key } of store.list(PREFIX)) {
      const [, number, kind] = /^(\d+)\.(ndjson|settled)$/.exec(key.slice(PREFIX.length)) ?? [];
      if (kind === 'ndjson') numbers.push(Number(number));
      if (kind === 'settled') settled.add(Number(number));
    }
    return { numbers: numbers.sort((a, b) => a - b), settled };
  }

  async function newest(): Promise<Version> {
    for (;;) {
      const { numbers, settled } = await versions();
      const number = numbers.at(-1);
      if (number === undefined) return { number: 0, rows: [], files: [], steps: NO_STEPS, settled: true };
      const body = await store.read(keyOf(number));
      // Another process may have cleared it away in between; then there is a newer one.
      if (body === null) continue;
      return { number, settled: settled.has(number), ...parse(body.toString(), store.uriOf(keyOf(number))) };
    }
  }

  /** Makes the visible files what a version says they are. Several processes may do this at once, also long after each other. */
  async function settle({ number, steps, settled }: Version): Promise<void> {
    if (settled) return;
    for (const { file, ticket } of steps.publish) {
      if (!(await store.publish(ticket)) && !(await hasFile(store, file))) {
        log.warn(`${store.uriOf(file)} was loaded, and neither it nor its upload is there: somebody has taken it away`);
      }
    }
    if (steps.remove.length > 0) await store.remove(steps.remove);
    await store.writeIfAbsent(settledKeyOf(number), Buffer.from('\n'));
  }

  async function clearAway(newest: number): Promise<void> {
    const { numbers, settled } = await versions();
    const old = numbers.filter((number) => number <= newest - KEPT_VERSIONS);
    const past = [...settled].filter((number) => number < newest);
    await store.remove([...old.map(keyOf), ...past.map(settledKeyOf)]);
  }

  return {
    async rows() {
      const version = await newest();
      await settle(version);
      return version.rows;
    },

    async change(change, onWrite) {
      const deadline = Date.now() + PATIENCE_MS;
      for (;;) {
        const before = await newest();
        // The next version forgets the steps of this one.
        await settle(before);
        const after = change(before);
        if (after === undefined) return;
        const number = before.number + 1;
        onWrite?.('begins');
        if (await store.writeIfAbsent(keyOf(number), Buffer.from(serialized(after)))) {
          const now = await newest();
          // A writer that slept while many versions were written and cleared away has written an old one.
          if (now.number === number || holds(now, after)) {
            await settle({ number, settled: false, ...after });
            return clearAway(number);
          }
          await store.remove([keyOf(number)]);
        }
        onWrite?.('failed');
        if (Date.now() > deadline) {
          throw new AriesError('RESOURCE_BUSY', `${store.uriOf(keyOf(number))}: others write the ledger all the time`, {
            hint: 'Nothing was committed. Try again.',
          });
        }
        await sleep(Math.random() * 50);
      }
    },
  };
}

/** Whether a file is there. */
export async function hasFile(store: Store, name: string): Promise<boolean> {
  // Names come in order: the one wanted is the first that begins like it.
  for await (const { key } of store.list(name)) return key === name;
  return false;
}

function keyOf(number: number): string {
  return `${PREFIX}${String(number).padStart(8, '0')}.ndjson`;
}

function settledKeyOf(number: number): string {
  return keyOf(number).replace(/ndjson$/, 'settled');
}

function holds(now: LedgerContents, after: LedgerContents): boolean {
  const known = new Set(now.rows.map((row) => JSON.stringify(row)));
  return after.rows.every((row) => known.has(JSON.stringify(row)));
}

const lineSchema = z.union([
  z.strictObject({ file: z.string(), identity: z.string() }),
  z.strictObject({
    steps: z.strictObject({
      publish: z.array(z.strictObject({ file: z.string(), ticket: z.string() })),
      remove: z.array(z.string()),
    }),
  }),
  z.looseObject({
    pipeline: z.string(),
    stream: z.string(),
    target: z.string(),
    identity: z.string(),
    runId: z.string(),
    digest: z.string(),
    disposition: z.enum(['append', 'replace', 'replace-interval', 'merge']),
    readStart: z.string(),
    rows: z.number(),
    loadedAt: z.string(),
  }),
]);

function serialized({ rows, files, steps }: LedgerContents): string {
  return [...rows, ...files, { steps }].map((line) => `${JSON.stringify(line)}\n`).join('');
}

function parse(text: string, uri: string): LedgerContents {
  const rows: LedgerRow[] = [];
  const files: AddedFile[] = [];
  let steps = NO_STEPS;
  try {
    for (const line of text.split('\n').filter((line) => line !== '')) {
      const value = JSON.parse(line);
      const checked = lineSchema.parse(value);
      if ('pipeline' in checked) rows.push(value);
      else if ('file' in checked) files.push(checked);
      else steps = checked.steps;
    }
    if (!text.endsWith('\n')) throw new Error('it is cut off');
    return { rows, files, steps };
  } catch (cause) {
    throw new AriesError('DATASET_CORRUPT', `the ledger ${uri} cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: 'Restore it from a backup; the version before it lies beside it.',
    });
  }
}
