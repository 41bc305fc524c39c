import {
  AriesError,
  type Destination,
  type Disposition,
  type Field,
  type FieldTypes,
  type LoadSession,
  type LoadTarget,
} from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import type { Dataset, ManifestStream } from '../dataset/manifest.ts';
import type { Candidate } from '../rules/candidate.ts';
import { type Drift, noDrift } from '../rules/drift.ts';
import { type Decision, decide, repeatedBy, shortList } from '../rules/ledger.ts';
import { countOf } from '../step/count-of.ts';
import { chooseDisposition, replaces } from '../step/disposition.ts';
import type { OpenedRole, StepContext } from '../step/step-context.ts';
import type { LoadOptions } from '../step/step-options.ts';
import { refuseSchema } from './fit-schema.ts';
import { followLedger, readLedger } from './follow-ledger.ts';
import { loadedState } from './loaded-state.ts';
import { planStream } from './plan-stream.ts';

/** Stream of an input, with its disposition. */
export interface InputStream {
  dataset: Dataset;
  name: string;
  stream: ManifestStream;
  disposition: Disposition;
}

/** Load with its session open. */
export interface LoadStep {
  session: LoadSession;
  destination: OpenedRole<Destination>;
  inputs: Dataset[];
  /** Store of the state. */
  states: Store;
  context: StepContext;
  options: LoadOptions;
}

/** Load of one stream, planned: what to do with it, and how. */
export interface PlannedLoad extends InputStream {
  candidate: Candidate;
  target: LoadTarget;
  decision: Decision | 'nothing';
  /** Changes to the target's columns. */
  changes: string[];
  /** Differences from the fields loaded before. */
  drift: Drift;
  /** New fields to leave out. */
  leftOut: readonly Field[];
  /** Fields for the ledger. */
  fieldTypes: FieldTypes | undefined;
}

/** Decides what to do with each stream, before anything is written. Throws errors of `decide` and of the destination. */
export async function planLoad({
  session,
  destination,
  inputs,
  states,
  context,
  options,
}: LoadStep): Promise<PlannedLoad[]> {
  const wanted = inputs.flatMap((dataset) =>
    Object.entries(dataset.manifest.streams).map(([name, stream]): InputStream => {
      const disposition = chooseDisposition(name, stream, dataset.manifest.interval, destination, options);
      return { dataset, name, stream, disposition };
    }),
  );
  checkEmpty(wanted, options);
  const ledger =
    options.dryRun === true
      ? await readLedger(session, wanted)
      : await followLedger(session, states, context, wanted, []);
  const plans: PlannedLoad[] = [];
  const refused = new Map<string, readonly string[]>();
  for (const input of wanted) {
    const { dataset, name, stream, disposition } = input;
    const { runId, interval, readStart } = dataset.manifest;
    if (plans.some((plan) => plan.name === name)) {
      throw new AriesError('USAGE', `The stream "${name}" is in two inputs`, {
        stream: name,
        hint: 'Load them one after the other.',
      });
    }
    const { found, refusals, candidate, ...planned } = await planStream(session, {
      name,
      stream,
      disposition,
      interval,
      runId,
      digest: dataset.digest,
      readStart,
      ledger,
      unknown: isUnknown(stream),
      rejected: stream.counts.rejected,
      stateAfter: loadedState(name, stream, disposition, dataset.manifest),
      input: stream.counts.staged === 0 ? undefined : stream.input,
      pipeline: context.name,
      options,
    });
    const decision = isNothing(stream, disposition, found.exists) ? 'nothing' : decide(candidate, options);
    options.onDrift?.(name, decision === 'load' ? planned.drift : noDrift());
    if (decision === 'load') refused.set(name, refusals);
    plans.push({ ...input, ...planned, candidate, decision, changes: found.changes });
  }
  // Only now, so that the differences of all streams are known.
  for (const [name, refusals] of refused) refuseSchema(name, refusals);
  for (const { candidate, decision } of plans) if (decision === 'load') warnChanged(context, candidate);
  return plans;
}

/** Warns of files that were appended before and have changed since: only the user knows if the old records are still in them. */
function warnChanged({ log }: StepContext, candidate: Candidate): void {
  const { stream } = candidate;
  const { changed = [] } = repeatedBy(candidate) ?? {};
  if (changed.length === 0) return;
  log.warn(
    `${stream}: appended before and changed since: ${shortList(changed)}. Records that are still in it from before will be loaded twice`,
    { stream, changed },
  );
}

function checkEmpty(wanted: readonly InputStream[], { minRecords, skipEmpty }: LoadOptions): void {
  for (const { name, stream } of wanted) {
    if (minRecords !== undefined && stream.counts.staged < minRecords) {
      throw new AriesError(
        'RECORDS_TOO_FEW',
        `${name}: ${countOf(stream.counts.staged, 'record')}, expected at least ${minRecords}`,
        { stream: name, hint: 'Nothing was loaded.' },
      );
    }
  }
  // An empty dataset still has an effect if it replaces what is in the target.
  if (
    skipEmpty === true &&
    wanted.every(({ stream, disposition }) => stream.counts.staged === 0 && !replaces(disposition))
  ) {
    throw new AriesError('NOTHING_TO_DO', 'There are no records to load', {
      hint: 'It ends with 99 because of --skip-empty.',
    });
  }
}

/** Returns true if a dataset has neither records nor a schema, and does not replace anything. */
function isNothing(stream: ManifestStream, disposition: Disposition, exists: boolean): boolean {
  return isUnknown(stream) && !(exists && replaces(disposition));
}

/** Returns true if there was no record, so that the fields are not known. */
function isUnknown({ schema, counts }: ManifestStream): boolean {
  return counts.staged === 0 && Object.keys(schema.properties).length === 0;
}
