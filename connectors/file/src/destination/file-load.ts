import { createCompressor } from '@aries-data/formats';
import {
  AriesError,
  type LoadCounts,
  type LoadPart,
  type LoadTarget,
  type Rejection,
  type StreamLoad,
} from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import type { DestinationConfig } from '../config.ts';
import { addedFileName, fileName, waitingName } from './file-name.ts';
import { openRecordWriter } from './open-record-writer.ts';

const LF = 10;

/** A target's file while it is being written. */
export interface FileLoad extends StreamLoad {
  /** The file's name after it is published. */
  readonly file: string;
  /** The ticket for publishing the file in the store. Throws if the file is not finished. */
  readonly ticket: string;
  /** Removes the file, unless it was handed over to the ledger. */
  discard(): Promise<void>;
  /** Hands the file over to the ledger, which then owns it even if this load fails; or takes it back. */
  handOver(isHandedOver: boolean): void;
}

export interface FileLoadOptions {
  store: Store;
  config: DestinationConfig;
  pipeline: string;
  target: LoadTarget;
  signal: AbortSignal;
  reject: (rejection: Rejection) => void;
}

/** Starts a target's file, which stays invisible until it is published. */
export async function openFileLoad(options: FileLoadOptions): Promise<FileLoad> {
  const { store, config, pipeline, target, signal, reject } = options;
  const file =
    target.disposition === 'replace' ? fileName(target.target, config) : addedFileName(target.target, pipeline, config);
  const names = { key: file, aside: waitingName(target.target, pipeline, config) };
  const compressor = createCompressor(config.compression);
  const writer = openRecordWriter(target.fields, config, reject);
  let received = 0;

  let ticket: string | undefined;
  let isHandedOver = false;

  const prepared = compressor.store((output) => store.prepare(names, output, signal));
  // The next write reports an error; until then it must not be an unhandled rejection.
  prepared.catch(() => {});

  async function writePart(part: LoadPart): Promise<void> {
    let last = LF;
    for await (const chunk of (await part.open()) as AsyncIterable<Buffer>) {
      for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1)) received++;
      last = chunk.at(-1) ?? last;
      await compressor.push(chunk);
    }
    if (last === LF) return;
    received++;
    await compressor.push(Buffer.from('\n'));
  }

  const header = writer.header();
  if (header !== undefined) await compressor.push(header);

  return {
    async writeBatch(batch) {
      const { bytes, count } = writer.encode(batch);
      received += count;
      await compressor.push(bytes);
    },

    ...(config.format === 'ndjson' ? { writePart } : {}),

    async finish(): Promise<LoadCounts> {
      await compressor.end();
      ticket = await prepared;
      return { received };
    },

    file,
    get ticket() {
      if (ticket === undefined) throw new AriesError('BUG', `${file} was committed before it was finished`);
      return ticket;
    },

    handOver(now) {
      isHandedOver = now;
    },

    async discard() {
      if (isHandedOver) return;
      compressor.abort(new Error('the load was not committed'));
      const left = await prepared.catch(() => undefined);
      if (left !== undefined) await store.discard([left]);
    },
  };
}
