import type { Dataset, ManifestStream } from '../dataset/manifest.ts';
import type { StepContext } from './step-context.ts';
import type { StepResult, StreamResult } from './step-options.ts';

/** Makes the result of a step that wrote a dataset. */
export function resultOf(dataset: Dataset, context: StepContext): StepResult {
  return {
    ok: true,
    step: dataset.manifest.step,
    dataset: dataset.uri,
    runId: dataset.manifest.runId,
    name: dataset.manifest.name,
    streams: Object.fromEntries(
      Object.entries(dataset.manifest.streams).map(([name, stream]) => [name, streamResult(stream)]),
    ),
    durationMs: Math.round(performance.now() - context.startedAt),
  };
}

function streamResult({ counts, parts }: ManifestStream): StreamResult {
  return {
    records: counts.staged,
    rejected: counts.rejected,
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    ...(counts.outside > 0 ? { outside: counts.outside } : {}),
    ...(counts.deleted === undefined ? {} : { deleted: counts.deleted }),
  };
}
