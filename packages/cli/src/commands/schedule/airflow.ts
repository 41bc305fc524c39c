import { Flags } from '@oclif/core';
import { AriesCommand } from '../../base-command.ts';
import { parseTime } from '../../flag-values.ts';
import * as flag from '../../flags.ts';
import { airflowDag } from '../../schedule/airflow.ts';
import {
  bashOperator,
  dockerOperator,
  kubernetesOperator,
  type OperatorCode,
  requireImage,
} from '../../schedule/airflow-operators.ts';
import * as schedule from '../../schedule/flags.ts';
import type { ScheduledPipeline } from '../../schedule/scheduled-pipeline.ts';

export default class ScheduleAirflow extends AriesCommand {
  static override summary = 'Print a DAG for Airflow 2 and 3 that runs a pipeline';
  static override product = 'text' as const;
  static override args = schedule.args;
  static override flags = flag.withEnvironment({
    operator: Flags.option({
      options: ['bash', 'docker', 'kubernetes'] as const,
      summary: 'Where tasks run: beside the worker, each in a container, or each in a pod',
      default: 'bash',
    })(),
    start: Flags.custom<string>({
      summary: 'When the first interval begins',
      helpValue: 'TIME',
      parse: async (text) => parseTime(text),
    })(),
    ...schedule.shared,
    'retry-delay': schedule.retryDelay,
    partitions: schedule.partitions,
    directory: schedule.directory,
    network: Flags.string({ summary: 'With docker, the network of the containers', helpValue: 'NAME' }),
    ...schedule.pod,
  });
  static override examples = [
    '<%= config.bin %> schedule airflow pipeline.yaml > dags/orders.py',
    '<%= config.bin %> schedule airflow pipeline.yaml --operator docker --image registry/orders:1 > dags/orders.py',
  ];

  override async run() {
    const { args, flags } = await this.parse(ScheduleAirflow);
    const pipeline = await schedule.pipelineOf(args.pipeline, flags, this.session, {
      apart: flags.operator !== 'bash',
    });
    await this.session.print(airflowDag(pipeline, this.#operator(pipeline, flags), flags.start));
    return { ok: true };
  }

  #operator(
    pipeline: ScheduledPipeline,
    flags: schedule.PodFlags & { operator: string; network?: string | undefined; directory?: string | undefined },
  ): OperatorCode {
    if (flags.operator === 'bash') return bashOperator(pipeline, flags.directory ?? process.cwd());
    const image = requireImage(flags.image, `--operator ${flags.operator}`);
    return flags.operator === 'docker'
      ? dockerOperator(pipeline, { image, network: flags.network, memory: flags.memory })
      : kubernetesOperator(pipeline, schedule.podOf(pipeline, { ...flags, image }, this.session.log));
  }
}
