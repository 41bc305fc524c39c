import type { Dataset, ManifestStream } from '../dataset/manifest.ts';
import { openDataset } from '../dataset/open-dataset.ts';
import type { Destination, Disposition, LoadSession } from '../destination.ts';
import { AriesError, isAriesError } from '../errors.ts';
import { type Candidate, type Decision, decide, type LedgerRow, ledgerState, stateAfterLoad } from '../ledger.ts';
import { fieldsOf } from '../schema.ts';
import { moveState, type StreamState } from '../state.ts';
import { openStore } from '../stores/open-store.ts';
import type { Store } from '../stores/store.ts';
import { chooseDisposition, replaces } from './disposition.ts';
import { judgeRejected } from './judge.ts';
import { loadStream } from './load-stream.ts';
import { cursorKindOf } from './select-streams.ts';
import type { LoadOptions, StepResult, StreamResult } from './step.ts';
import { guarded, type Prepared, prepare, type StepContext, stepContext } from './step-context.ts';

/** One stream of the input. */
interface InputStream {
  dataset: Dataset;
  name: string;
  stream: ManifestStream;
  disposition: Disposition;
}

/** What is to become of it, and why. */
interface PlannedLoad extends InputStream {
  candidate: Candidate;
  decision: Decision | 'nothing';
  /** Changes to the target's columns. */
  changes: string[];
}

/**
 * Loads datasets into a destination: all streams and their ledger rows in one commit, where the destination can. The same
 * dataset again is a no-op. Throws AriesError: `INPUT_NOT_READY` (75), `LOAD_REFUSED` (78, with the way out),
 * `RECORDS_REJECTED` (65), `COUNTS_DIFFER` (65), and what the destination throws.
 */
export async function load(options: LoadOptions): Promise<StepResult> {
  const { connector } = options.destination;
  const inputs = await openInputs(options);
  const name = options.name ?? inputs[0]!.manifest.name;
  const context = stepContext('load', { ...options, name, runId: options.runId ?? inputs[0]!.manifest.runId }, name);
  return guarded(context, { connector: connector.name }, async () => {
    const destination = prepare('destination', options.destination, context);
    const session = await destination.part.open({
      ...destination.ctx,
      pipeline: name,
      concurrency: options.concurrency ?? 1,
    });
    const states = options.state === undefined ? inputs[0]!.store : await openStore(options.state);
    try {
      return await loadInto(session, destination, inputs, states, context, options);
    } finally {
      await session.close();
      if (states !== inputs[0]!.store) await states.close();
      for (const { store } of inputs) await store.close();
    }
  });
}

async function openInputs({ input, skipMissing }: LoadOptions): Promise<Dataset[]> {
  if (input.length === 0)
    throw new AriesError('USAGE', 'There is nothing to load', {
      hint: 'Give --input the URI that the step before printed as "dataset".',
    });
  try {
    return await Promise.all(input.map((uri) => openDataset(uri)));
  } catch (error) {
    if (skipMissing === true && isAriesError(error) && error.code === 'INPUT_NOT_READY') {
      throw new AriesError('NOTHING_TO_DO', error.message, { hint: 'This is what --skip-missing asks to be told.' });
    }
    throw error;
  }
}

async function loadInto(
  session: LoadSession,
  destination: Prepared<Destination>,
  inputs: Dataset[],
  states: Store,
  context: StepContext,
  options: LoadOptions,
): Promise<StepResult> {
  const plans = await plan(session, destination, inputs, states, context, options);
  const results: Record<string, StreamResult> = {};
  const rows: LedgerRow[] = [];
  for (const { dataset, name, stream, disposition, candidate, decision, changes } of plans) {
    const { target } = candidate;
    const bytes = stream.parts.reduce((sum, part) => sum + part.bytes, 0);
    if (decision !== 'load') {
      context.log.info(`${name}: ${WHY_NOTHING[decision]}; nothing to do`, { stream: name, target });
      const outcome = decision === 'nothing' ? 'loaded' : decision;
      set(results, name, { records: 0, rejected: 0, bytes: 0, target, disposition, outcome });
      continue;
    }
    for (const change of changes) context.log.info(`${target}: ${change}`, { stream: name, target });
    if (options.dryRun === true) {
      set(results, name, { records: stream.counts.staged, rejected: 0, bytes, target, disposition, changes });
      continue;
    }
    context.log.info(`${name}: ${disposition} into ${target}`, { stream: name, target, records: stream.counts.staged });
    const counts = await loadStream({
      session,
      destination: destination.part,
      dataset,
      stream,
      candidate,
      context,
      options,
    });
    if (counts.received + counts.rejected !== stream.counts.staged) {
      throw new AriesError(
        'COUNTS_DIFFER',
        `${name}: ${stream.counts.staged} records are staged, ${target} received ${counts.received} and ${counts.rejected} were rejected`,
        {
          stream: name,
          hint: 'Nothing was committed. Load again; where it stays, report it.',
        },
      );
    }
    judgeRejected(name, counts.rejected, stream.counts.staged, options.maxRejected, counts.firstReason);
    rows.push(ledgerRow(candidate, context, stateAfterLoad(candidate), counts.received));
    const { received: records, firstReason: _, ...rest } = counts;
    set(results, name, { records, bytes, target, disposition, outcome: 'loaded', ...rest });
  }
  if (rows.length > 0) {
    await session.commit(rows);
    await followLedger(session, states, context, plans, rows);
  }
  return {
    ok: true,
    step: 'load',
    dataset: inputs[0]!.uri,
    runId: context.runId,
    name: context.name,
    streams: results,
    durationMs: Math.round(performance.now() - context.startedAt),
  };
}

const WHY_NOTHING = {
  superseded: 'newer data is loaded already',
  'already-loaded': 'loaded already',
  nothing: 'no records, and no schema',
} as const;

/** Nothing came, not even a schema, and there is nothing that it could take the place of. */
function isNothing({ schema, counts }: ManifestStream, disposition: Disposition, exists: boolean): boolean {
  return counts.staged === 0 && Object.keys(schema.properties).length === 0 && !(exists && replaces(disposition));
}

// A stream may be called __proto__.
function set(results: Record<string, StreamResult>, name: string, value: StreamResult): void {
  Object.defineProperty(results, name, { value, enumerable: true });
}

async function plan(
  session: LoadSession,
  destination: Prepared<Destination>,
  inputs: Dataset[],
  states: Store,
  context: StepContext,
  options: LoadOptions,
): Promise<PlannedLoad[]> {
  const wanted = inputs.flatMap((dataset) =>
    Object.entries(dataset.manifest.streams).map(([name, stream]): InputStream => {
      const disposition = chooseDisposition(name, stream, dataset.manifest.interval, destination, options);
      return { dataset, name, stream, disposition };
    }),
  );
  checkEmpty(wanted, options);
  const ledger =
    options.dryRun === true
      ? await readLedger(session, context, wanted)
      : await followLedger(session, states, context, wanted, []);
  const plans: PlannedLoad[] = [];
  for (const input of wanted) {
    const { dataset, name, stream, disposition } = input;
    if (plans.some((plan) => plan.name === name)) {
      throw new AriesError('USAGE', `The stream "${name}" is in two inputs`, {
        stream: name,
        hint: 'Load them one after the other.',
      });
    }
    const target = {
      stream: name,
      target: name,
      fields: fieldsOf(stream.schema),
      primaryKey: stream.primaryKey,
      cursor: stream.cursor,
      disposition,
      interval: dataset.manifest.interval ?? undefined,
      schemaChange: options.schemaChange ?? 'evolve',
    } as const;
    const found = await session.inspect(target);
    const candidate: Candidate = {
      stream: name,
      target: name,
      runId: dataset.manifest.runId,
      digest: dataset.digest,
      mode: stream.mode,
      disposition,
      interval: stream.mode === 'interval' ? dataset.manifest.interval : null,
      stateBefore: stream.stateBefore,
      stateAfter: stream.stateAfter,
      readStart: dataset.manifest.readStart,
      cursorKind: cursorKindOf(stream.schema, stream.cursor),
      identity: found.exists ? (found.identity ?? null) : null,
      ledger: ledger.filter((row) => row.target === name),
    };
    const decision = isNothing(stream, disposition, found.exists) ? 'nothing' : decide(candidate, options);
    if (decision === 'load' && found.changes.length > 0 && options.schemaChange === 'freeze') {
      throw new AriesError('SCHEMA_FROZEN', `${name}: the target would have to change: ${found.changes.join('; ')}`, {
        stream: name,
        hint: 'Change it by hand, or load with --schema-change evolve.',
      });
    }
    plans.push({ ...input, candidate, decision, changes: found.changes });
  }
  return plans;
}

function checkEmpty(wanted: readonly InputStream[], { minRecords, skipEmpty }: LoadOptions): void {
  for (const { name, stream } of wanted) {
    if (minRecords !== undefined && stream.counts.staged < minRecords) {
      throw new AriesError(
        'RECORDS_TOO_FEW',
        `${name}: ${stream.counts.staged} records, at least ${minRecords} are expected`,
        { stream: name, hint: 'Nothing was loaded.' },
      );
    }
  }
  // An empty dataset that replaces says that there is nothing any more: that is something to do.
  if (
    skipEmpty === true &&
    wanted.every(({ stream, disposition }) => stream.counts.staged === 0 && !replaces(disposition))
  ) {
    throw new AriesError('NOTHING_TO_DO', 'There are no records to load', {
      hint: 'This is what --skip-empty asks to be told.',
    });
  }
}

/**
 * Brings the state to what the ledger says, and returns the ledger. A process may have died between its commit and the write
 * of the state, or slept there while others loaded: the ledger knows better. Streams read by interval have no state.
 * `committed` speaks for destinations that keep no ledger.
 */
async function followLedger(
  session: LoadSession,
  states: Store,
  context: StepContext,
  loaded: readonly InputStream[],
  committed: readonly LedgerRow[],
): Promise<LedgerRow[]> {
  let ledger: LedgerRow[] = [];
  await moveState(states, context.name, async () => {
    ledger = await readLedger(session, context, loaded);
    const changes: Record<string, StreamState | null> = {};
    for (const { name, stream } of loaded) {
      if (stream.mode === 'interval') continue;
      const rows = [...committed, ...ledger].filter((row) => row.target === name && row.interval === null);
      if (rows.length > 0) Object.defineProperty(changes, name, { value: ledgerState(rows), enumerable: true });
    }
    return changes;
  });
  return ledger;
}

async function readLedger(
  session: LoadSession,
  context: StepContext,
  loaded: readonly InputStream[],
): Promise<LedgerRow[]> {
  const ledger = await session.ledger(loaded.map(({ name }) => name));
  return ledger.filter((row) => row.pipeline === context.name);
}

function ledgerRow(
  candidate: Candidate,
  context: StepContext,
  stateAfter: StreamState | null,
  rows: number,
): LedgerRow {
  const { stream, target, runId, digest, disposition, interval, stateBefore, readStart } = candidate;
  return {
    pipeline: context.name,
    stream,
    target,
    identity: '',
    runId,
    digest,
    disposition,
    interval,
    stateBefore,
    stateAfter,
    readStart,
    rows,
    loadedAt: new Date().toISOString(),
  };
}
