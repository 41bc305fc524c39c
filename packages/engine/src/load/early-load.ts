import type { Destination, Disposition, LoadSession, LoadTarget } from '@aries-data/sdk';
import type { Part } from '../dataset/manifest.ts';
import { decide } from '../rules/ledger.ts';
import { concurrencyOf } from '../step/concurrency.ts';
import { chooseDisposition } from '../step/disposition.ts';
import type { OpenedStream, PartsListener } from '../step/parts-listener.ts';
import { type OpenedRole, openRole, type StepContext, stepContext } from '../step/step-context.ts';
import type { LoadOptions } from '../step/step-options.ts';
import { checkRejected } from '../step/thresholds.ts';
import { readLedger } from './follow-ledger.ts';
import { keepsLedger } from './open-session.ts';
import { openPartLoader, type PartLoader } from './part-loader.ts';
import { type LoadPlan, planStream } from './plan-stream.ts';
import { createRejections } from './rejections.ts';

/** Stream that is being loaded early. */
export interface EarlyStreamLoad {
  target: LoadTarget;
  loader: PartLoader;
  /** Keys of the parts that were written, or begun. */
  loaded: Set<string>;
}

/** Parts that were loaded before the manifest existed. Nothing is committed yet. */
export interface LoadedEarly {
  session: LoadSession;
  streams: ReadonlyMap<string, EarlyStreamLoad>;
}

/**
 * Early load of the parts of an extract, into load tables, as soon as they are durable. Once the manifest exists, `load` decides if
 * they count. An early load only saves time: if it fails, `load` starts over.
 */
export interface EarlyLoad extends PartsListener {
  /** Waits until all parts received so far are loaded. Returns null if there is nothing that a load could continue from. */
  finish(): Promise<LoadedEarly | null>;
  /** Closes the session and so drops what is not committed. */
  discard(): Promise<void>;
}

export type EarlyLoadOptions = Omit<LoadOptions, 'input'> & { name: string; runId: string };

export function createEarlyLoad(options: EarlyLoadOptions): EarlyLoad {
  // The load itself calls `onStart`: an early load may be discarded.
  const context = stepContext('load', { ...options, onStart: undefined }, options.name);
  const begun = new Map<string, OpenedStream>();
  const streams = new Map<string, EarlyStreamLoad>();
  let destination: OpenedRole<Destination> | undefined;
  let session: LoadSession | undefined;
  let failed = false;
  let work: Promise<void> = Promise.resolve();

  async function load(name: string, part: Part): Promise<void> {
    const head = begun.get(name);
    if (head === undefined) return;
    let one = streams.get(name);
    if (one === undefined) {
      destination ??= openRole('destination', options.destination, context);
      const disposition = dispositionOf(head, destination, options);
      if (disposition === undefined) return void begun.delete(name);
      session ??= await openWithLedger(destination, options);
      const planned = await planEarly(session, head, disposition, context, options);
      if (planned === undefined) return void begun.delete(name);
      const { target, leftOut } = planned;
      const loader = await openPartLoader({
        session,
        destination: destination.definition,
        target,
        stream: head.stream,
        leftOut: leftOut.map((field) => field.name),
        rejections: createRejections((waiting) => checkEarly(name, waiting.length, options)),
        context,
      });
      one = { target, loader, loaded: new Set() };
      streams.set(name, one);
    }
    one.loaded.add(part.key);
    await one.loader.write(head.folder, part);
  }

  async function close(): Promise<void> {
    const open = session;
    session = undefined;
    streams.clear();
    await open?.close();
  }

  return {
    begin(stream) {
      if (!stream.stream.inferred) begun.set(stream.name, stream);
    },
    add(name, part) {
      work = work.then(async () => {
        if (failed) return;
        try {
          await load(name, part);
        } catch (error) {
          failed = true;
          context.log.debug(`${name}: will be loaded after the extract, not during it: ${(error as Error).message}`);
        }
      });
    },
    async finish() {
      await work;
      if (!failed && session !== undefined) return { session, streams };
      await close();
      return null;
    },
    async discard() {
      failed = true;
      await work;
      await close();
    },
  };
}

async function openWithLedger(destination: OpenedRole<Destination>, options: EarlyLoadOptions): Promise<LoadSession> {
  const { name: pipeline } = options;
  const session = await destination.definition.open({
    ...destination.ctx,
    pipeline,
    concurrency: concurrencyOf(options),
  });
  if (keepsLedger(session, destination.name)) return session;
  await session.close();
  throw new Error(`${destination.name} keeps no ledger`);
}

/** Most rejected records: they wait in memory until the dataset is finished. */
const MOST_REJECTIONS = 1000;

function checkEarly(name: string, rejected: number, { maxRejected = { count: 0 } }: EarlyLoadOptions): void {
  const count = 'count' in maxRejected ? Math.min(maxRejected.count, MOST_REJECTIONS) : MOST_REJECTIONS;
  checkRejected({ stream: name, rejected, read: rejected, maxRejected: { count } });
}

/**
 * Chooses the disposition of a stream. Returns undefined for append, which is not loaded early: it may need a transaction that stays
 * open, which must not wait for a source.
 */
function dispositionOf(
  { name, stream, interval }: OpenedStream,
  destination: OpenedRole<Destination>,
  options: EarlyLoadOptions,
): Disposition | undefined {
  const applied = { ...stream, primaryKey: [...stream.primaryKey], consistency: 'snapshot' as const };
  const disposition = chooseDisposition(name, applied, interval, destination, options);
  return disposition === 'append' ? undefined : disposition;
}

/** Plans a stream whose dataset is not finished. Returns undefined if the rules would not let that dataset be loaded. */
async function planEarly(
  session: LoadSession,
  { name, stream, interval, readStart }: OpenedStream,
  disposition: Disposition,
  context: StepContext,
  options: EarlyLoadOptions,
): Promise<LoadPlan | undefined> {
  const plan = await planStream(session, {
    name,
    stream,
    disposition,
    interval,
    runId: context.runId,
    digest: undefined,
    readStart,
    ledger: await readLedger(session, [{ name }]),
    unknown: false,
    rejected: 0,
    stateAfter: null,
    input: undefined,
    pipeline: context.name,
    options,
  });
  if (decide(plan.candidate, options) !== 'load' || plan.refusals.length > 0) return undefined;
  return plan;
}
