import type { Disposition, Interval, LedgerRow, LoadSession, LoadTarget } from '@aries-data/sdk';
import type { StreamHead } from '../dataset/manifest.ts';
import { recordFieldsOf, stagedFieldsOf } from '../dataset/staged-fields.ts';
import type { Candidate } from '../rules/candidate.ts';
import { knownFields } from '../rules/drift.ts';
import { readLater } from '../rules/ledger.ts';
import { chooseDeletes, compareOf } from '../step/disposition.ts';
import { cursorKindOf } from '../step/select-streams.ts';
import type { LoadOptions } from '../step/step-options.ts';
import { type FittedSchema, fitSchema, schemaPolicy } from './fit-schema.ts';
import { ofPipeline } from './follow-ledger.ts';

/** Options of `planStream`: a stream to load, as far as it is known. */
export interface LoadPlanOptions extends Pick<Candidate, 'stateAfter' | 'input' | 'readStart' | 'runId'> {
  name: string;
  stream: StreamHead;
  disposition: Disposition;
  interval: Interval | null;
  /** Undefined while the dataset is still being extracted. */
  digest: string | undefined;
  /** Ledger rows of all pipelines that load into its target. */
  ledger: readonly LedgerRow[];
  /** Records that were rejected before the load. Their keys are not known. */
  rejected: number;
  /** True if there was no record, so that the fields are not known. */
  unknown: boolean;
  pipeline: string;
  options: Pick<LoadOptions, 'schemaChange' | 'schemaChanges' | 'deletes' | 'maxDeleted'>;
}

/** Plan to load one stream, before the rules of the ledger decide. */
export interface LoadPlan extends Pick<FittedSchema, 'found' | 'drift' | 'leftOut' | 'fieldTypes' | 'refusals'> {
  target: LoadTarget;
  candidate: Candidate;
}

/** Compares a stream with its target and with the ledger. Does not decide or write anything. */
export async function planStream(session: LoadSession, one: LoadPlanOptions): Promise<LoadPlan> {
  const { name, stream, disposition, interval, runId, digest, readStart, pipeline } = one;
  const history = one.ledger.filter((row) => row.target === name);
  const ledger = ofPipeline(history, pipeline);
  const wanted = {
    runId,
    digest,
    stream: name,
    target: name,
    ...(disposition === 'append'
      ? appended(stream)
      : { fields: recordFieldsOf(stream), primaryKey: stream.primaryKey }),
    cursor: stream.cursor,
    disposition,
    readStart,
    interval: interval ?? undefined,
    ...deletesOf(stream, disposition, one),
  };
  const { target, found, ...fitted } = await fitSchema(session, wanted, {
    policy: schemaPolicy(name, stream, one.options),
    known: knownFields(ledger, readStart),
    inferred: stream.inferred,
    unknown: one.unknown,
  });
  const candidate: Candidate = {
    stream: name,
    target: name,
    runId,
    digest: digest ?? '',
    mode: stream.mode,
    disposition,
    interval: stream.mode === 'interval' ? interval : null,
    stateBefore: stream.stateBefore,
    stateAfter: one.stateAfter,
    readStart,
    cursorKind: cursorKindOf(stream.schema, stream.cursor),
    identity: found.exists ? (found.identity ?? null) : null,
    ledger,
    history,
    input: one.input,
    wholeInputs: stream.cursor === undefined,
    ...(wanted.compare === undefined ? {} : { compares: true }),
  };
  return { ...fitted, found, candidate, target: { ...target, readLater: readLater(candidate) } };
}

/** Returns fields and key of a target that is appended to. A log of changes has several rows of one key, and rows without one. */
function appended(stream: StreamHead): Pick<LoadTarget, 'fields' | 'primaryKey'> {
  if (stream.changes === undefined) return { fields: recordFieldsOf(stream), primaryKey: stream.primaryKey };
  return { fields: stagedFieldsOf({ ...stream, primaryKey: [] }), primaryKey: [] };
}

/** Default of `maxDeleted`. More is rather a broken source than deleted records. */
const MOST_DELETED = { share: 0.2 };

/** Returns the part of a target that says which records to delete, and how. */
function deletesOf(
  stream: Pick<StreamHead, 'mode' | 'changes' | 'deletes' | 'limited'>,
  disposition: Disposition,
  { options, rejected }: Pick<LoadPlanOptions, 'rejected'> & { options: Pick<LoadOptions, 'deletes' | 'maxDeleted'> },
): Pick<LoadTarget, 'changes' | 'deletes' | 'compare' | 'maxDeleted'> {
  if (disposition !== 'merge' && disposition !== 'history') return {};
  const deletes = chooseDeletes(stream, options.deletes);
  const wanted = deletes === 'ignore' ? undefined : compareOf(stream, disposition);
  // A rejected record is still at the source.
  const compare = wanted === 'dataset' && rejected > 0 ? undefined : wanted;
  // A history loses nothing by ending a version.
  const most = disposition === 'history' ? undefined : MOST_DELETED;
  const maxDeleted = compare === undefined ? undefined : (options.maxDeleted ?? most);
  return {
    ...(stream.changes === true ? { changes: true } : {}),
    ...(stream.changes === true || compare !== undefined ? { deletes } : {}),
    ...(compare === undefined ? {} : { compare }),
    ...(maxDeleted === undefined ? {} : { maxDeleted }),
  };
}
