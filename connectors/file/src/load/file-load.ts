import {
  createCompressor,
  type LoadCounts,
  type LoadPart,
  type LoadTarget,
  type Rejection,
  type Store,
  type StreamLoad,
} from '@aries-data/sdk';
import type { DestinationConfig } from '../config.ts';
import { addedFileName, fileName } from './file-name.ts';
import { type Outlet, openOutlet } from './outlet.ts';
import { recordWriter } from './record-writer.ts';

const LF = 10;

/** One target's file in the making. */
export interface FileLoad extends StreamLoad {
  /** Makes the file visible; the dataset's digest names one that is added beside others. */
  publish(digest: string): Promise<void>;
  discard(): Promise<void>;
}

export interface FileLoadOptions {
  store: Store;
  config: DestinationConfig;
  target: LoadTarget;
  signal: AbortSignal;
  reject: (rejection: Rejection) => void;
}

/** Begins a target's file. */
export async function openFileLoad({ store, config, target, signal, reject }: FileLoadOptions): Promise<FileLoad> {
  const replaces = target.disposition === 'replace';
  const name = fileName(target.target, config);
  const outlet: Outlet = openOutlet(store, replaces ? name : undefined, signal);
  const compressor = createCompressor(config.compression);
  const writer = recordWriter(target.fields, config, reject);
  let received = 0;

  const filled = outlet.fill(compressor.output);
  // A store that fails must wake a writer that waits for room.
  filled.catch((error: Error) => compressor.abort(error));

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
      await Promise.all([compressor.end(), filled]);
      return { received };
    },

    publish: (digest) => outlet.publish(replaces ? name : addedFileName(target.target, digest, config)),

    async discard() {
      compressor.abort(new Error('the load was not committed'));
      await filled.catch(() => {});
      await outlet.discard();
    },
  };
}
