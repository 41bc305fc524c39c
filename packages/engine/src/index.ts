export { parseConfig } from './config/connector-config.ts';
export { resolveConfig } from './config/resolve.ts';
export type { Dataset, Manifest, ManifestStream } from './dataset/manifest.ts';
export { openDataset } from './dataset/open-dataset.ts';
export { readDataset } from './dataset/read-dataset.ts';
export { rejectedRecords } from './dataset/read-rejected.ts';
export { removeDataset } from './dataset/remove-dataset.ts';
export { extract } from './extract/extract.ts';
export { type PlanExtractOptions, planExtract } from './extract/plan-extract.ts';
export {
  listDatasets,
  type PruneDatasetsOptions,
  pruneDatasets,
} from './house/house-commands.ts';
export { parseAge, type Retention } from './house/keep.ts';
export type { ListedDataset } from './house/list-runs.ts';
export type { KeptBecause } from './house/prune-run.ts';
export type { Pruned } from './house/prune-runs.ts';
export type { Freed } from './house/retention.ts';
export { load } from './load/load.ts';
export { type DryRunResult, type DryRunStream, dryRunPipeline } from './pipeline/dry-run-pipeline.ts';
export { type FollowedRun, type FollowOptions, followPipeline } from './pipeline/follow-pipeline.ts';
export { outlinePipeline, type PipelineOutline } from './pipeline/outline-pipeline.ts';
export { type PipelineOptions, type PipelineResult, planPipelineExtract, runPipeline } from './pipeline/pipeline.ts';
export { streamOptionsSchema } from './pipeline/pipeline-file.ts';
export { createRedactor, type Redactor } from './redact/redact.ts';
export type { Drift, FieldOfType } from './rules/drift.ts';
export { resetState, showState } from './state/state-commands.ts';
export { check, type DiscoveredStream, discover } from './step/check-and-discover.ts';
export type {
  ConnectorUse,
  ExtractOptions,
  LoadOptions,
  MaxRejected,
  PlanResult,
  Progress,
  StepOptions,
  StepResult,
  StepStart,
  StreamOptions,
  StreamResult,
  TransformOptions,
} from './step/step-options.ts';
export { transform } from './transform/transform.ts';
