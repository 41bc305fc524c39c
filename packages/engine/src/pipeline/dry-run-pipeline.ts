import { type Destination, type Disposition, fieldsOf, type StagedFormat, type Window } from '@aries-data/sdk';
import { openStore } from '@aries-data/stores';
import { checkedInterval } from '../extract/interval.ts';
import { stagedFormatOf } from '../extract/staged-format.ts';
import { type StreamWindow, streamWindow } from '../extract/stream-window.ts';
import { fitSchema, refuseSchema, schemaPolicy } from '../load/fit-schema.ts';
import { ofPipeline, readLedger } from '../load/follow-ledger.ts';
import { openSession } from '../load/open-session.ts';
import { createRedactor } from '../redact/redact.ts';
import { type Drift, hasDrifted, knownFields } from '../rules/drift.ts';
import { readState } from '../rules/state.ts';
import { chooseDisposition } from '../step/disposition.ts';
import { type SelectedStream, selectStreams, streamsOf } from '../step/select-streams.ts';
import { guarded, type OpenedRole, openRole, stepContext } from '../step/step-context.ts';
import { fuse } from '../transform/fuse.ts';
import { createSchemaChain } from '../transform/schema-chain.ts';
import { openPipeline, type PipelineOptions } from './pipeline.ts';

/** What a run would do with one stream. */
export interface DryRunStream {
  stream: string;
  target: string;
  mode: 'full' | 'incremental' | 'interval';
  window: Window;
  /** `byte` if encoded rows pass untouched, `record` if they are processed record by record. */
  lane: { extract: 'byte' | 'record'; load: 'byte' | 'record' };
  format: StagedFormat;
  disposition: Disposition;
  /** Changes that the target needs; `null` if the schema is not known before the records are read. */
  changes: string[] | null;
  /** Differences from the fields loaded before, if any. */
  drift?: Drift;
}

/** Result of a dry run: what a pipeline would do. */
export interface DryRunResult {
  ok: true;
  name: string;
  steps: string[];
  streams: DryRunStream[];
}

/**
 * Reports what `runPipeline` would do, without reading a record or writing anything: steps, streams, lanes, schema changes. Throws
 * `SCHEMA_FROZEN` if the policy of a stream does not allow the changes.
 *
 * @example
 * const { steps, streams } = await dryRunPipeline({ file: 'pipeline.yaml', env: process.env, loadConnector });
 */
export async function dryRunPipeline(options: PipelineOptions): Promise<DryRunResult> {
  const redactor = options.redactor ?? createRedactor();
  const opened = await openPipeline({ ...options, redactor });
  const context = stepContext('plan', { ...options, redactor, name: opened.name, runId: undefined }, opened.name);
  return guarded(context, { connector: opened.source.connector.name }, async () => {
    const source = openRole('source', opened.source, context);
    const destination = openRole('destination', opened.destination, context);
    const interval = checkedInterval(options.interval);
    const store = await openStore(opened.staging);
    const states = options.state === undefined ? store : await openStore(options.state);
    const state = await readState(states, opened.name);
    const selected = selectStreams(await streamsOf(source), opened.streams, source.name);
    const session = await openSession(destination, { pipeline: opened.name, concurrency: 1, states, context });
    try {
      const streams: DryRunStream[] = [];
      for (const one of selected) {
        const window = streamWindow(one, source.name, {
          interval,
          state: state.streams[one.as] ?? null,
          fullRefresh: options.fullRefresh,
        });
        const chain = createSchemaChain(
          {
            stream: one.as,
            schema: one.schema,
            primaryKey: one.primaryKey,
            cursor: one.cursor,
            inference: one.stream.inference,
          },
          opened.fused.map((use) => fuse(openRole('transform', use, context))),
        );
        // A later step may change the schema again.
        const schema = opened.groups.length === 0 ? chain.known : null;
        const format = stagedFormatOf(one, window, {
          stagedFormat: options.stagedFormat,
          preferFormats: opened.preferFormats,
          transforms: opened.fused,
        });
        const disposition = dispositionOf(one, window, interval ?? null, destination, opened.disposition);
        const target = {
          runId: context.runId,
          stream: one.as,
          target: one.as,
          fields: fieldsOf(schema ?? { type: 'object', properties: {} }),
          primaryKey: one.primaryKey,
          cursor: one.cursor,
          disposition,
          interval,
          readStart: new Date().toISOString(),
        };
        const fitted =
          schema === null
            ? null
            : await fitSchema(session, target, {
                policy: schemaPolicy(one.as, one.options, opened),
                known: knownFields(
                  ofPipeline(await readLedger(session, [{ name: one.as }]), context.name),
                  new Date().toISOString(),
                ),
                inferred: chain.inferred,
                unknown: false,
              });
        if (fitted !== null) refuseSchema(one.as, fitted.refusals);
        const found = fitted?.found ?? null;
        const untouched =
          found !== null && destination.definition.formats.includes(format) && found.takes?.(format) !== false;
        streams.push({
          stream: one.as,
          target: one.as,
          mode: window.mode,
          window: window.window,
          lane: {
            extract: opened.fused.length === 0 && one.stream.readEncoded?.formats.includes(format) ? 'byte' : 'record',
            load: untouched ? 'byte' : 'record',
          },
          format,
          disposition,
          changes: found === null ? null : found.changes,
          ...(fitted !== null && hasDrifted(fitted.drift) ? { drift: fitted.drift } : {}),
        });
      }
      return {
        ok: true as const,
        name: opened.name,
        steps: ['extract', ...opened.groups.map(({ name }) => name), 'load'],
        streams,
      };
    } finally {
      await session.close();
      if (states !== store) await states.close();
      await store.close();
    }
  });
}

function dispositionOf(
  selected: SelectedStream,
  { mode, stateBefore }: StreamWindow,
  interval: Parameters<typeof chooseDisposition>[2],
  destination: OpenedRole<Destination>,
  disposition: Disposition | undefined,
): Disposition {
  const stream = {
    mode,
    stateBefore,
    primaryKey: [...selected.primaryKey],
    cursor: selected.cursor,
    disposition: selected.options.disposition,
    lag: selected.options.lag,
  };
  return chooseDisposition(selected.as, stream, interval, destination, { disposition });
}
