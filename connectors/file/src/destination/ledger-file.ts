import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError, type LedgerRow, type Log } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { z } from 'zod';

const PREFIX = '_aries/ledger-';

/** The number of versions to keep, so that a slow writer finds the version it would overwrite. */
const KEPT_VERSIONS = 20;

/** How long to retry while others keep writing the ledger. */
const PATIENCE_MS = 60_000;

/** The contents of one version of the ledger. */
export interface LedgerContents {
  /** The loaded datasets, oldest first. */
  rows: readonly LedgerRow[];
  /** The files added to targets and not replaced since. `identity` is the name of the target's own file. */
  files: readonly AddedFile[];
  /** The changes of this version to the visible files, in order. Each step may be repeated. */
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
 * The ledger of a folder, which commits loads: one immutable file per version, written only if absent. A version lists the loaded
 * datasets and their files, and the visible files follow it. If a process dies after it wrote its version, the next one finishes
 * its work.
 */
export interface LedgerFile {
  /** Returns all rows, oldest first, after the visible files match the ledger. */
  rows(): Promise<readonly LedgerRow[]>;
  /**
   * Writes the next version and makes the visible files follow it. If others wrote first, `change` is called again with their
   * version; it returns undefined to change nothing. `onWrite` is called before each try that can succeed, and after one that failed.
   */
  change(
    change: (before: LedgerContents) => LedgerContents | undefined,
    onWrite?: (outcome: 'begins' | 'failed') => void,
  ): Promise<void>;
}

interface Version extends LedgerContents {
  number: number;
  /** True if its steps are done. */
  settled: boolean;
}

/** Opens the ledger in a store's folder `_aries`. */
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
      // Another process may have removed it meanwhile; then there is a newer one.
      if (body === null) continue;
      return { number, settled: settled.has(number), ...parse(body.toString(), store.uriOf(keyOf(number))) };
    }
  }

  /** Makes the visible files match a version. Several processes may do this at once or at different times. */
  async function settle({ number, steps, settled }: Version): Promise<void> {
    if (settled) return;
    for (const { file, ticket } of steps.publish) {
      if (!(await store.publish(ticket)) && !(await hasFile(store, file))) {
        log.warn(`${store.uriOf(file)} was loaded, but neither it nor its upload exists: it was removed from outside`);
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
        // The next version will not contain these steps.
        await settle(before);
        const after = change(before);
        if (after === undefined) return;
        const number = before.number + 1;
        onWrite?.('begins');
        if (await store.writeIfAbsent(keyOf(number), Buffer.from(serialized(after)))) {
          const now = await newest();
          // A writer that slept while many versions were written and removed has written an old one.
          if (now.number === number || holds(now, before, after)) {
            await settle({ number, settled: false, ...after });
            return clearAway(number);
          }
          await store.remove([keyOf(number)]);
        }
        onWrite?.('failed');
        if (Date.now() > deadline) {
          throw new AriesError('RESOURCE_BUSY', `${store.uriOf(keyOf(number))}: other loads keep writing the ledger`, {
            hint: 'Nothing was committed. Try again.',
          });
        }
        await sleep(Math.random() * 50);
      }
    },
  };
}

/** True if a file exists. */
export async function hasFile(store: Store, name: string): Promise<boolean> {
  // Names are listed in order, so the wanted one is the first with this prefix.
  for await (const { key } of store.list(name)) return key === name;
  return false;
}

function keyOf(number: number): string {
  return `${PREFIX}${String(number).padStart(8, '0')}.ndjson`;
}

function settledKeyOf(number: number): string {
  return keyOf(number).replace(/ndjson$/, 'settled');
}

/** True if the newest version has what a change added. Later versions may have dropped old rows. */
function holds(now: LedgerContents, before: LedgerContents, after: LedgerContents): boolean {
  const textsOf = ({ rows }: LedgerContents) => rows.map((row) => JSON.stringify(row));
  const [known, old] = [new Set(textsOf(now)), new Set(textsOf(before))];
  const added = textsOf(after).filter((row) => !old.has(row));
  return (added.length === 0 ? textsOf(after) : added).every((row) => known.has(row));
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
      hint: 'Restore it from a backup. The previous version is in the same folder.',
    });
  }
}
