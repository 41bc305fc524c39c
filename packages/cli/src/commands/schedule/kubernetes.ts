import { AriesCommand } from '../../base-command.ts';
import * as flag from '../../flags.ts';
import * as schedule from '../../schedule/flags.ts';

export default class ScheduleKubernetes extends AriesCommand {
  static override summary = 'Print a CronJob of Kubernetes that runs a pipeline';
  static override product = 'text' as const;
  static override args = schedule.args;
  static override flags = flag.withEnvironment({
    ...schedule.shared,
    partitions: schedule.partitions,
    ...schedule.pod,
  });
  static override examples = [
    '<%= config.bin %> schedule kubernetes pipeline.yaml --image registry/orders:1 | kubectl apply -f -',
    '<%= config.bin %> schedule kubernetes pipeline.yaml --image registry/orders:1 --partitions 8',
  ];

  override async run() {
    const { args, flags } = await this.parse(ScheduleKubernetes);
    const { kubernetesManifest, pipelineOf, podOf, refuseInterval, requireImage } = await import(
      '../../schedule/targets.ts'
    );
    const image = requireImage(flags.image, 'kubernetes');
    const pipeline = await pipelineOf(args.pipeline, flags, this.session, { apart: true });
    refuseInterval(pipeline, args.pipeline, 'Kubernetes');
    const pod = podOf(pipeline, { ...flags, image }, this.session.log);
    await this.session.print(kubernetesManifest(pipeline, pod));
    return { ok: true };
  }
}
