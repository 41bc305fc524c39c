import type { Disposition } from '@aries-data/sdk';
import { type Drift, hasDrifted } from '../rules/drift.ts';
import { countOf } from '../step/count-of.ts';
import type { StepContext } from '../step/step-context.ts';
import type { StreamResult } from '../step/step-options.ts';
import { fieldOfType, namesOf } from './fit-schema.ts';
import type { PlannedLoad } from './plan-load.ts';

/** Logs how a stream's fields differ from those loaded before. Missing fields and changed types are warnings. */
export function logDrift({ log }: Pick<StepContext, 'log'>, plan: PlannedLoad): void {
  const { name, drift, disposition, target } = plan;
  const fields = { stream: name, target: target.target };
  if (drift.appeared.length > 0) log.info(`${name}: new fields: ${namesOf(drift.appeared)}`, fields);
  if (drift.vanished.length > 0) {
    log.warn(
      `${name}: fields that were loaded before are gone: ${namesOf(drift.vanished)}; ${WHAT_STAYS[disposition]}`,
      {
        ...fields,
        vanished: drift.vanished.map(({ field }) => field),
      },
    );
  }
  for (const { field, from, to } of drift.changed) log.warn(`${name}: "${field}" was ${from} and is now ${to}`, fields);
}

const WHAT_STAYS: Record<Disposition, string> = {
  append: 'their columns stay, without a value in new rows',
  history: 'their columns stay, without a value in new versions',
  merge: 'their columns stay, without a value in new rows; existing rows keep their values',
  'replace-interval': 'their columns stay, without a value in new rows; existing rows keep their values',
  replace: 'their columns stay, without a value',
};

/** Logs new fields that were left out, once for each. */
export function logDiscarded({ log }: Pick<StepContext, 'log'>, { name }: PlannedLoad, result: StreamResult): void {
  for (const { field, type, records } of result.discarded ?? [])
    log.warn(`${name}: the new field "${field}" (${type}) was left out of ${countOf(records, 'record')}`, {
      stream: name,
      field,
    });
}

/** Makes the drift and the left out fields of a stream's result; empty if there are none. */
export function driftResult(
  { drift, leftOut }: Pick<PlannedLoad, 'drift' | 'leftOut'>,
  counts: ReadonlyMap<string, number>,
): { drift?: Drift; discarded?: NonNullable<StreamResult['discarded']> } {
  return {
    ...(hasDrifted(drift) ? { drift } : {}),
    ...(leftOut.length === 0
      ? {}
      : { discarded: leftOut.map((field) => ({ ...fieldOfType(field), records: counts.get(field.name) ?? 0 })) }),
  };
}
