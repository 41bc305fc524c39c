import type { PipelineOptions, PipelinePlan, PipelineResult, PlanResult } from '@aries-data/engine';
import { Args, Flags } from '@oclif/core';
import { AriesCommand } from '../base-command.ts';
import { intervalOf } from '../flag-values.ts';
import * as flag from '../flags.ts';
import { presentPartitions } from '../report/partitions.ts';
import { presentPlan } from '../report/plan.ts';
import { presentStep } from '../report/summary.ts';

export default class Run extends AriesCommand {
  static override summary = 'Run a pipeline: all its steps, or the one that a scheduler asks for';
  static override product = 'step' as const;
  static override args = {
    pipeline: Args.string({ description: 'The YAML file of the pipeline', required: true, ignoreStdin: true }),
  };
  static override flags = flag.withEnvironment({
    step: Flags.string({ summary: 'Run only this step: extract, the name of a transform, or load', helpValue: 'STEP' }),
    'run-id': flag.runId,
    staging: flag.staging,
    state: flag.state,
    'full-refresh': flag.fullRefresh,
    ...flag.interval,
    ...flag.partition,
    'staged-format': flag.staged['staged-format'],
    limit: flag.limit,
    concurrency: flag.concurrency,
    ...flag.thresholds,
    'schema-change': flag.schemaChange,
    'skip-missing': flag.skipMissing,
    'allow-gap': flag.allowGap,
    adopt: flag.adopt,
    'allow-repeat': flag.allowRepeat,
    force: flag.force,
    'dry-run': Flags.boolean({ summary: 'Print steps, streams and schema changes, and do nothing' }),
    'metrics-file': flag.metricsFile,
  });
  static override examples = [
    '<%= config.bin %> run pipeline.yaml',
    '<%= config.bin %> run pipeline.yaml --step extract --run-id scheduled-2026-01-31 --interval-start 2026-01-30 --interval-end 2026-01-31',
  ];

  override async run() {
    const { args, flags } = await this.parse(Run);
    const { planPipeline, planPipelineExtract, runPipeline } = await import('@aries-data/engine');
    const options: PipelineOptions = {
      ...this.stepOptions(flags),
      file: args.pipeline,
      env: process.env,
      loadConnector: this.session.loadConnector,
      step: flags.step,
      staging: flags.staging,
      state: flags.state,
      fullRefresh: flags['full-refresh'],
      interval: intervalOf(flags),
      stagedFormat: flags['staged-format'],
      limit: flags.limit,
      schemaChange: flags['schema-change'],
      skipMissing: flags['skip-missing'],
      allowGap: flags['allow-gap'],
      adopt: flags.adopt,
      allowRepeat: flags['allow-repeat'],
    };
    if (flags['dry-run']) return planPipeline(options);
    if (flags.plan) return planPipelineExtract({ ...options, partitions: flags.partitions });
    return runPipeline({ ...options, partition: flags.partition });
  }

  override present(result: PipelineResult | PipelinePlan | PlanResult): string {
    if ('partitions' in result && 'plan' in result) return presentPartitions(result);
    return Array.isArray(result.steps) ? presentPlan(result as PipelinePlan) : presentStep(result as PipelineResult);
  }
}
