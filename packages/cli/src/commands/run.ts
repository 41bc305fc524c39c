import type { DryRunResult, PipelineResult, PlanResult } from '@aries-data/engine';
import { Args } from '@oclif/core';
import { AriesCommand } from '../base-command.ts';
import { intervalOf } from '../flag-values.ts';
import { presentDryRun } from '../report/dry-run.ts';
import { presentPartitions } from '../report/partitions.ts';
import { presentStep } from '../report/summary.ts';
import type { Page } from '../report/table.ts';
import { stepFlags } from '../step-flags.ts';

export default class Run extends AriesCommand {
  static override summary = 'Run a pipeline: all its steps, or only the one that a scheduler asks for';
  static override product = 'step' as const;
  static override args = {
    pipeline: Args.string({ description: 'The YAML file of the pipeline', required: true, ignoreStdin: true }),
  };
  static override flags = stepFlags('run');
  static override examples = [
    '<%= config.bin %> run pipeline.yaml',
    '<%= config.bin %> run pipeline.yaml --step extract --run-id scheduled-2026-01-31 --interval-start 2026-01-30 --interval-end 2026-01-31',
    '<%= config.bin %> run pipeline.yaml --follow --every 10s --listen 9400',
  ];

  override async run() {
    const { args, flags } = await this.parse(Run);
    const { dryRunPipeline, planPipelineExtract, runPipeline } = await import('@aries-data/engine');
    const options = {
      ...this.stepOptions('run', flags),
      file: args.pipeline,
      env: process.env,
      loadConnector: this.session.loadConnector,
      interval: intervalOf(flags),
    };
    if (flags.follow) {
      const { follow } = await import('../follow/follow.ts');
      const { step: _, runId: __, partition: ___, force: ____, ...pipeline } = options;
      const { recorder, log } = this.session;
      const { every: everySeconds = 10, listen: address } = flags;
      return follow({ pipeline, everySeconds, address, recorder, log, version: this.config.version });
    }
    if (flags['dry-run']) return dryRunPipeline(options);
    return flags.plan ? planPipelineExtract(options) : runPipeline(options);
  }

  override present(result: PipelineResult | DryRunResult | PlanResult, page: Page): string {
    if ('partitions' in result && 'plan' in result) return presentPartitions(result);
    return Array.isArray(result.steps)
      ? presentDryRun(result as DryRunResult, page)
      : presentStep(result as PipelineResult, page);
  }
}
