import { pathToFileURL } from 'node:url';
import {
  extract,
  load,
  type MaxRejected,
  rejectedRecords,
  type StepResult,
  type StreamOptions,
} from '@aries-data/engine';
import { type Connector, connectorOf, type Disposition, defineTransform, type StagedFormat } from '@aries-data/sdk';
import { z } from 'zod';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { destination } from '../destination/destination.ts';
import { source } from '../source/source.ts';

/** The connector as the command finds it. */
export const postgres: Connector = connectorOf({ source, destination }, { name: 'postgres', version: '0.0.0' });

/** A transform that decodes every record and changes none. */
const identity: Connector = connectorOf(
  {
    transform: defineTransform({
      config: z.object({}),
      scope: 'batch',
      schema: (input) => input,
      async *apply(batches) {
        for await (const batch of batches) yield batch.map((record) => ({ ...record }));
      },
    }),
  },
  { name: 'identity', version: '0.0.0' },
);

/** A path from source to destination. */
export interface Lane {
  format: StagedFormat;
  /** True if every record is decoded on the way instead of passing as bytes. */
  transformed: boolean;
}

export interface MoveOptions extends Lane {
  from: Record<string, unknown>;
  to: Record<string, unknown>;
  destination?: Connector;
  streams?: (string | StreamOptions)[];
  disposition?: Disposition;
  maxRejected?: MaxRejected;
  /** The pipeline's name. Default: a new one. */
  name?: string;
}

export interface Moved {
  extracted: StepResult;
  loaded: StepResult;
  /** The reasons of records rejected by extract and load, by stream. */
  rejected: Record<string, string[]>;
}

let moves = 0;

/** Extracts into a folder and loads from there. */
export async function move(options: MoveOptions): Promise<Moved> {
  const {
    format,
    transformed,
    from,
    to,
    streams,
    disposition = 'replace',
    maxRejected,
    name = `move-${++moves}`,
  } = options;
  const staging = pathToFileURL(await temporaryFolder()).href;
  const tolerance = maxRejected === undefined ? {} : { maxRejected };
  const extracted = await extract({
    source: { connector: postgres, config: from },
    staging,
    name,
    stagedFormat: format,
    ...(streams === undefined ? {} : { streams }),
    transforms: transformed ? [{ connector: identity, config: {} }] : [],
    ...tolerance,
  });
  const loaded = await load({
    destination: { connector: options.destination ?? postgres, config: to },
    input: [extracted.dataset],
    disposition,
    ...tolerance,
  });
  const rejected: Moved['rejected'] = {};
  for await (const { stream, reason } of rejectedRecords(extracted.dataset)) {
    rejected[stream] ??= [];
    rejected[stream].push(reason);
  }
  return { extracted, loaded, rejected };
}

/** Returns the changes that a load of `everything` would make to its target. */
export async function changesOf({ from, to }: Pick<MoveOptions, 'from' | 'to'>): Promise<string[] | undefined> {
  const staging = pathToFileURL(await temporaryFolder()).href;
  const { dataset } = await extract({
    source: { connector: postgres, config: from },
    staging,
    name: `move-${++moves}`,
  });
  const { streams } = await load({
    destination: { connector: postgres, config: to },
    input: [dataset],
    disposition: 'append',
    dryRun: true,
  });
  return streams.everything!.changes;
}
