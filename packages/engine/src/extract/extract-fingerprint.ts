import { AriesError, type Json, type Source } from '@aries-data/sdk';
import { publicConfig } from '../config/secrets.ts';
import { type Fingerprint, fingerprintDifferences } from '../dataset/fingerprint.ts';
import type { Plan } from '../dataset/plan.ts';
import type { SelectedStream } from '../step/select-streams.ts';
import type { OpenedRole, StepContext } from '../step/step-context.ts';
import type { ExtractOptions } from '../step/step-options.ts';
import { stagedFormatOf } from './staged-format.ts';
import type { StreamWindow } from './stream-window.ts';

/** Collects the inputs of an extract: the same inputs under the same run id are the same dataset. */
export function extractFingerprint(
  source: OpenedRole<Source>,
  streams: readonly { selected: SelectedStream; window: StreamWindow }[],
  context: StepContext,
  options: ExtractOptions,
): Fingerprint {
  return {
    connector: `${source.name}@${source.version}`,
    config: plain(publicConfig(source.ctx.config, source.definition.config, context.redactor)),
    transforms: (options.transforms ?? []).map(({ connector, config }) => {
      const schema = connector.transform?.config;
      return {
        connector: `${connector.name}@${connector.version}`,
        config: plain(schema === undefined ? null : publicConfig(config, schema, context.redactor)),
      };
    }),
    // How a load changes columns and deletes records does not affect what is read, except that comparing needs keys.
    streams: Object.fromEntries(
      streams.map(({ selected: { as, options } }) => {
        const deletes = options.deletes === 'compare' ? 'compare' : undefined;
        return [as, plain({ ...options, schemaChange: undefined, deletes })];
      }),
    ),
    format: plain({
      staged: Object.fromEntries(
        streams.map(({ selected, window }) => [selected.as, stagedFormatOf(selected, window, options)]),
      ),
      compression: options.compression ?? 'zst',
    }),
    window: plain({
      interval: options.interval,
      limit: options.limit,
      fullRefresh: options.fullRefresh,
      maxRecords: options.maxRecords,
      maxSeconds: options.maxSeconds,
      untilIdle: options.untilIdle,
    }),
    stateBefore: Object.fromEntries(streams.map(({ selected, window }) => [selected.as, plain(window.stateBefore)])),
  };
}

/**
 * Throws `FINGERPRINT_DIFFERS` if a plan was made from other inputs. Only these streams are compared, and the state is not: it may
 * have moved since.
 */
export function refuseOtherPlan(plan: Plan, fingerprint: Fingerprint, streams: readonly string[]): void {
  const differences = fingerprintDifferences(ofStreams(plan.fingerprint, streams), ofStreams(fingerprint, streams));
  if (differences.length === 0) return;
  throw new AriesError(
    'FINGERPRINT_DIFFERS',
    `Run ${plan.runId} was planned with different inputs: ${differences.join('; ')}`,
    {
      connector: plan.connector.name,
      hint: 'Use the inputs of the plan, or another run id, or plan again with --force.',
    },
  );
}

function ofStreams({ stateBefore: _, streams, format, ...others }: Fingerprint, names: readonly string[]): Fingerprint {
  const { staged, compression } = format as { staged: Record<string, Json>; compression: Json };
  return {
    ...others,
    streams: picked(streams as Record<string, Json>, names),
    staged: picked(staged, names),
    compression,
  };
}

function picked(values: Record<string, Json>, names: readonly string[]): Record<string, Json> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
}

/** Converts a value to plain JSON. */
export function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null)) as Json;
}
