import { Flags } from '@oclif/core';
import { AriesCommand } from '../../base-command.ts';
import { parseTime } from '../../flag-values.ts';
import * as flag from '../../flags.ts';
import * as schedule from '../../schedule/flags.ts';

export default class ScheduleAirflow extends AriesCommand {
  static override summary = 'Print a DAG for Airflow 2 and 3 that runs a pipeline';
  static override product = 'text' as const;
  static override args = schedule.args;
  static override flags = flag.withEnvironment({
    operator: Flags.option({
      options: ['bash', 'docker', 'kubernetes'] as const,
      summary: 'Where tasks run: on the worker, each in a container, or each in a pod',
      default: 'bash',
    })(),
    start: Flags.custom<string>({
      summary: 'Start of the first interval',
      helpValue: 'TIME',
      parse: async (text) => parseTime(text),
    })(),
    ...schedule.shared,
    'retry-delay': schedule.retryDelay,
    partitions: schedule.partitions,
    directory: schedule.directory,
    network: Flags.string({ summary: 'Network of the containers, with --operator docker', helpValue: 'NAME' }),
    ...schedule.pod,
  });
  static override examples = [
    '<%= config.bin %> schedule airflow pipeline.yaml > dags/orders.py',
    '<%= config.bin %> schedule airflow pipeline.yaml --operator docker --image registry/orders:1 > dags/orders.py',
  ];

  override async run() {
    const { args, flags } = await this.parse(ScheduleAirflow);
    const targets = await import('../../schedule/targets.ts');
    const { operator, memory, network } = flags;
    const pipeline = await targets.pipelineOf(args.pipeline, flags, this.session, { apart: operator !== 'bash' });
    const image = () => targets.requireImage(flags.image, `--operator ${operator}`);
    const codeOf = {
      bash: () => targets.bashOperator(pipeline, flags.directory ?? process.cwd()),
      docker: () => targets.dockerOperator(pipeline, { image: image(), network, memory }),
      kubernetes: () =>
        targets.kubernetesOperator(pipeline, targets.podOf(pipeline, { ...flags, image: image() }, this.session.log)),
    };
    await this.session.print(targets.airflowDag(pipeline, codeOf[operator](), flags.start));
    return { ok: true };
  }
}
