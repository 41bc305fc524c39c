import { createHash } from 'node:crypto';
import { isAriesError } from '@aries-data/sdk';
import type { Store, StoredObject } from '@aries-data/stores';
import { z } from 'zod';
import { receiptFolder, runFolder } from './layout.ts';
import { type Dataset, instant } from './manifest.ts';
import { recordOf } from './record-of.ts';
import { type DocumentKind, sealed, unsealed } from './sealed.ts';

const fieldsOfType = z.array(z.object({ field: z.string(), type: z.string() }));

const receiptSchema = z.object({
  receiptVersion: z.literal(1),
  name: z.string().min(1),
  runId: z.string().min(1),
  digest: z.string().describe('Digest of the dataset.'),
  finishedAt: instant.describe('When the dataset was finished.'),
  streams: z.array(z.string()).nullable().describe('Streams that were loaded; null for all of the dataset.'),
  connector: z.string().describe('Connector of the destination.'),
  loadedAt: instant,
  drift: recordOf(
    z.object({
      appeared: fieldsOfType,
      vanished: fieldsOfType,
      changed: z.array(z.object({ field: z.string(), from: z.string(), to: z.string() })),
    }),
  )
    .optional()
    .describe('How the fields of its streams differed from those loaded before. Only streams with differences.'),
});

/**
 * Says that a dataset is loaded. A load leaves it after its commit, so that staging can be cleaned up without asking the destination.
 * Never proves to a load that something is loaded: only the ledger does.
 */
export type Receipt = z.output<typeof receiptSchema>;

const RECEIPT: DocumentKind<Receipt> = {
  name: 'receipt',
  schema: receiptSchema,
  hint: 'Delete the file. Its dataset then counts as not loaded, until it is loaded again.',
  compact: true,
};

/** Receipt of a listing, as far as its name says. */
export interface ReceiptPlace extends StoredObject {
  /** When its dataset was finished, in milliseconds since 1970. */
  finished: number;
  /** Digest of the run's folder. */
  run: string;
}

/**
 * Writes the receipt of a dataset: `<name>/loaded/<hour>/<time>-<run>-<dataset>.json`, where the time is that at which the dataset was
 * finished. So receipts are listed in the order of their datasets, hour by hour, and a second load of a dataset adds none.
 */
export async function writeReceipt(
  { store, manifest, digest }: Dataset,
  { streams, connector, drift }: Pick<Receipt, 'streams' | 'connector' | 'drift'>,
): Promise<void> {
  const place = placeOf({ manifest, digest }, streams);
  const receipt: Receipt = {
    receiptVersion: 1,
    ...place,
    connector,
    loadedAt: new Date().toISOString(),
    ...(drift === undefined ? {} : { drift }),
  };
  await store.writeIfAbsent(receiptKey(place), sealed(RECEIPT, receipt));
}

/** Finds the receipt of a dataset that was loaded as a whole, which the first load of it has left. */
export async function receiptOf({ store, manifest, digest }: Dataset): Promise<Receipt | null> {
  const receipt = await readReceipt(store, manifest.name, receiptKey(placeOf({ manifest, digest }, null)));
  return receipt === 'broken' ? null : receipt;
}

type Place = Pick<Receipt, 'name' | 'runId' | 'digest' | 'finishedAt' | 'streams'>;

function placeOf({ manifest, digest }: Pick<Dataset, 'manifest' | 'digest'>, streams: Receipt['streams']): Place {
  const { name, runId, finishedAt } = manifest;
  return { name, runId, digest, finishedAt: new Date(finishedAt).toISOString(), streams };
}

function receiptKey({ name, runId, digest, finishedAt, streams }: Place): string {
  const time = finishedAt.replace(/[-:.]/g, '');
  const dataset = shortDigest(JSON.stringify([digest, streams]));
  return `${receiptFolder(name)}/${hourOf(finishedAt)}/${time}-${shortDigest(runFolder({ name, runId }))}-${dataset}.json`;
}

/** Reads a receipt. Returns `null` if it is gone, and `broken` if it is damaged or of another dataset: then it proves nothing. */
export async function readReceipt(store: Store, name: string, key: string): Promise<Receipt | null | 'broken'> {
  const bytes = await store.read(key);
  if (bytes === null) return null;
  try {
    const receipt = unsealed(RECEIPT, bytes, store.uriOf(key));
    return receipt.name === name && receiptKey(receipt) === key ? receipt : 'broken';
  } catch (error) {
    if (isAriesError(error) && error.code === 'DATASET_CORRUPT') return 'broken';
    throw error;
  }
}

/** Lists the hours of a pipeline's receipts, such as `2026-01-31T08`, oldest first. */
export async function receiptHours(store: Store, name: string): Promise<string[]> {
  const hours: string[] = [];
  for await (const hour of store.folders(receiptFolder(name))) if (HOUR.test(hour)) hours.push(hour);
  return hours.sort();
}

/** Lists the receipts of an hour, in the order in which their datasets were finished. */
export async function* receiptsOf(store: Store, name: string, hour: string): AsyncGenerator<ReceiptPlace> {
  const prefix = `${receiptFolder(name)}/${hour}/`;
  for await (const object of store.list(prefix)) {
    const [, y, m, d, hh, mm, ss, ms, run] = NAME.exec(object.key.slice(prefix.length)) ?? [];
    if (run === undefined) continue;
    const finished = Date.parse(`${y}-${m}-${d}T${hh}:${mm}:${ss}.${ms}Z`);
    if (Number.isFinite(finished)) yield { ...object, finished, run };
  }
}

/** Returns the hour of a time, as `receiptHours` lists it. */
export function hourOf(time: string): string {
  return time.slice(0, 13);
}

/** Returns the digest of a run's folder that names of receipts contain. */
export function runDigest(folder: string): string {
  return shortDigest(folder);
}

const HOUR = /^\d{4}-\d\d-\d\dT\d\d$/;
const NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-([0-9a-f]{16})-[0-9a-f]{16}\.json$/;

function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
