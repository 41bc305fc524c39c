import { ndjsonEncoder } from '@aries-data/formats';
import type { LoadCounts, Rejection } from '@aries-data/sdk';
import { stepFolder } from '../dataset/layout.ts';
import type { Dataset, ManifestStream, Part } from '../dataset/manifest.ts';
import { createStreamWriter } from '../dataset/stream-writer.ts';
import type { StepContext } from '../step/step-context.ts';
import type { LoadOptions } from '../step/step-options.ts';
import { checkRejected } from '../step/thresholds.ts';
import type { PartLoader } from './part-loader.ts';

export interface LoadStreamOptions {
  loader: PartLoader;
  /** Keys of parts that are already loaded. */
  loaded: ReadonlySet<string>;
  /** True if the staged keys are compared with the target's. */
  compares: boolean;
  dataset: Dataset;
  name: string;
  stream: ManifestStream;
  context: StepContext;
  options: LoadOptions;
}

/** Writes the parts of one stream into its target, and stores the records that the target rejects. */
export async function loadStream({
  loader,
  loaded,
  compares,
  dataset,
  name,
  stream,
  context,
  options,
}: LoadStreamOptions): Promise<LoadCounts & { rejected: number; firstReason?: string }> {
  const keeper = createStreamWriter({
    store: dataset.store,
    folder: stepFolder({ name: dataset.manifest.name, runId: dataset.manifest.runId, step: 'load' }),
    stream: name,
    attempt: context.attempt,
    format: 'ndjson',
    compression: 'zst',
    encode: ndjsonEncoder(),
    signal: context.signal,
  });
  let rejected = 0;
  let records = 0;
  // Bytes of the parts that are written, and records of the current one.
  let wholeBytes = 0;
  let inPart = 0;

  async function keepRejected(): Promise<void> {
    for (const rejection of loader.rejections.take()) {
      rejected++;
      await keeper.reject(rejection);
    }
  }

  /** Ends the load as soon as there are too many rejections: a part with only bad records would take hours. */
  function check(waiting: readonly Rejection[]): void {
    const [first] = waiting;
    if (first === undefined) return;
    checkRejected({
      stream: name,
      rejected: rejected + waiting.length,
      read: stream.counts.staged,
      maxRejected: options.maxRejected,
      first: keeper.firstRejected ?? `${first.origin}: ${first.reason}`,
      dataset: dataset.uri,
    });
  }

  async function onRecords(count: number, part: Part): Promise<void> {
    records += count;
    inPart += count;
    await keepRejected();
    const share = Math.round((part.bytes * Math.min(inPart, part.rows)) / Math.max(part.rows, 1));
    options.onProgress?.({ step: context.step, stream: name, records, rejected, bytes: wholeBytes + share });
  }

  try {
    loader.rejections.checkWith(check);
    for (const part of stream.parts) {
      if (loaded.has(part.key)) await onRecords(part.rows, part);
      else await loader.write(dataset, part, (count) => onRecords(count, part));
      wholeBytes += part.bytes;
      inPart = 0;
    }
    for (const part of stream.keys?.parts ?? []) if (compares) await loader.writeKeys(dataset, part);
    const counts = await loader.load.finish();
    await keepRejected();
    return { ...counts, rejected, ...(keeper.firstRejected === null ? {} : { firstReason: keeper.firstRejected }) };
  } finally {
    await keepRejected();
    await keeper.cut();
  }
}
