import type { Destination, Disposition, Interval, LoadSession, LoadTarget } from '@aries-data/sdk';
import type { Part, StreamHead } from '../dataset/manifest.ts';
import type { PartFolder } from '../dataset/part-reader.ts';
import { knownFields } from '../rules/drift.ts';
import { decide, readLater } from '../rules/ledger.ts';
import { concurrencyOf } from '../step/concurrency.ts';
import { chooseDisposition } from '../step/disposition.ts';
import { type Prepared, prepare, type StepContext, stepContext } from '../step/step-context.ts';
import type { LoadOptions } from '../step/step-options.ts';
import { judgeRejected } from '../step/thresholds.ts';
import { fitSchema, schemaPolicy } from './fit-schema.ts';
import { ofPipeline, readLedger } from './follow-ledger.ts';
import { keepsLedger } from './open-session.ts';
import { openPartLoader, type PartLoader } from './part-loader.ts';
import { candidateOf, targetOf } from './plan-load.ts';

/** A stream that is being read, and where its parts will lie. */
export interface EarlyStream {
  name: string;
  stream: StreamHead;
  interval: Interval | null;
  readStart: string;
  folder: PartFolder;
}

/** One stream of which a part is loaded, and how. */
export interface EarlyStreamLoad {
  target: LoadTarget;
  loader: PartLoader;
  /** Keys of the parts that were handed in. */
  loaded: Set<string>;
}

/** What was loaded before the manifest was there; nothing of it is committed. */
export interface LoadedEarly {
  session: LoadSession;
  streams: ReadonlyMap<string, EarlyStreamLoad>;
}

/**
 * Loads parts of a run's own extract as soon as they are durable, into load tables. Whether they count is decided once the
 * manifest is there, by `load`. It only ever saves time: what fails here, fails or succeeds there again.
 */
export interface EarlyLoad {
  begin(stream: EarlyStream): void;
  add(name: string, part: Part): void;
  /** Waits for what was handed in; null where there is nothing to go on from. */
  finish(): Promise<LoadedEarly | null>;
  discard(): Promise<void>;
}

export type EarlyLoadOptions = Omit<LoadOptions, 'input'> & { name: string; runId: string };

export function createEarlyLoad(options: EarlyLoadOptions): EarlyLoad {
  // The load is said to begin once it does: what is done early may be thrown away.
  const context = stepContext('load', { ...options, onStart: undefined }, options.name);
  const begun = new Map<string, EarlyStream>();
  const streams = new Map<string, EarlyStreamLoad>();
  let destination: Prepared<Destination> | undefined;
  let session: LoadSession | undefined;
  let failed = false;
  let work: Promise<void> = Promise.resolve();

  async function load(name: string, part: Part): Promise<void> {
    const head = begun.get(name);
    if (head === undefined) return;
    let one = streams.get(name);
    if (one === undefined) {
      destination ??= prepare('destination', options.destination, context);
      const disposition = dispositionOf(head, destination, options);
      if (disposition === undefined) return void begun.delete(name);
      session ??= await openWithLedger(destination, options);
      const planned = await plannedTarget(session, head, disposition, context, options);
      if (planned === undefined) return void begun.delete(name);
      const { target, leftOut } = planned;
      const loader = await openPartLoader({
        session,
        destination: destination.part,
        target,
        stream: head.stream,
        leftOut,
        context,
      });
      loader.judge = () => judgeEarly(name, loader, options);
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
          context.log.debug(`${name}: is loaded once it is extracted, not meanwhile: ${(error as Error).message}`);
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

async function openWithLedger(destination: Prepared<Destination>, options: EarlyLoadOptions): Promise<LoadSession> {
  const { name: pipeline } = options;
  const session = await destination.part.open({ ...destination.ctx, pipeline, concurrency: concurrencyOf(options) });
  if (keepsLedger(session, destination.name)) return session;
  await session.close();
  throw new Error(`${destination.name} keeps no ledger`);
}

/** Rejected records wait in memory until there is a dataset that they are of. */
const MOST_REJECTIONS = 1000;

function judgeEarly(name: string, { rejections }: PartLoader, { maxRejected = { count: 0 } }: EarlyLoadOptions): void {
  const count = 'count' in maxRejected ? Math.min(maxRejected.count, MOST_REJECTIONS) : MOST_REJECTIONS;
  judgeRejected({ stream: name, rejected: rejections.length, read: rejections.length, maxRejected: { count } });
}

/** Undefined: it is not for loading early. Appending may go on inside one transaction, which must not wait for a source. */
function dispositionOf(
  { name, stream, interval }: EarlyStream,
  destination: Prepared<Destination>,
  options: EarlyLoadOptions,
): Disposition | undefined {
  const applied = { ...stream, primaryKey: [...stream.primaryKey], consistency: 'snapshot' as const };
  const disposition = chooseDisposition(name, applied, interval, destination, options);
  return disposition === 'append' ? undefined : disposition;
}

/** The target, where the rules would let a dataset that begins so be loaded. */
async function plannedTarget(
  session: LoadSession,
  { name, stream, interval, readStart }: EarlyStream,
  disposition: Disposition,
  context: StepContext,
  options: EarlyLoadOptions,
): Promise<{ target: LoadTarget; leftOut: string[] } | undefined> {
  const ledger = await readLedger(session, [{ name }]);
  const head = { name, stream, disposition, interval };
  const { target, found, leftOut, refusals } = await fitSchema(session, targetOf({ ...head, runId: context.runId }), {
    policy: schemaPolicy(name, stream, options),
    known: knownFields(ofPipeline(ledger, context.name), readStart),
    inferred: stream.inferred,
    unknown: false,
  });
  const candidate = {
    ...candidateOf({ ...head, found, ledger, pipeline: context.name }),
    runId: context.runId,
    digest: '',
    stateAfter: null,
    readStart,
  };
  if (decide(candidate, options) !== 'load') return undefined;
  if (refusals.length > 0) return undefined;
  return {
    target: { ...target, readLater: readLater(candidate) },
    leftOut: leftOut.map((field) => field.name),
  };
}
