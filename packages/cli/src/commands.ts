import type { Config, Interfaces } from '@oclif/core';
import type { AriesCommand } from './base-command.ts';
import Check from './commands/check.ts';
import Completion from './commands/completion.ts';
import DatasetHead from './commands/dataset/head.ts';
import DatasetList from './commands/dataset/list.ts';
import DatasetPrune from './commands/dataset/prune.ts';
import DatasetRejected from './commands/dataset/rejected.ts';
import DatasetRm from './commands/dataset/rm.ts';
import DatasetShow from './commands/dataset/show.ts';
import Discover from './commands/discover.ts';
import Doctor from './commands/doctor.ts';
import Extract from './commands/extract.ts';
import Load from './commands/load.ts';
import NewConnector from './commands/new/connector.ts';
import NewPipeline from './commands/new/pipeline.ts';
import Run from './commands/run.ts';
import ScheduleAirflow from './commands/schedule/airflow.ts';
import ScheduleArgo from './commands/schedule/argo.ts';
import ScheduleCron from './commands/schedule/cron.ts';
import ScheduleKubernetes from './commands/schedule/kubernetes.ts';
import Spec from './commands/spec.ts';
import StateReset from './commands/state/reset.ts';
import StateShow from './commands/state/show.ts';
import Test from './commands/test.ts';
import Transform from './commands/transform.ts';
import type { Session } from './session.ts';

/** The class of a command, as far as `run-command.ts` needs it. */
export interface CommandClass {
  new (argv: string[], config: Config, session: Session): AriesCommand;
  summary?: string | undefined;
  description?: string | undefined;
  examples?: string[];
  args: Interfaces.ArgInput;
  flags: Interfaces.FlagInput;
  baseFlags: Interfaces.FlagInput;
  product: 'step' | 'data' | 'text';
  secretFree: boolean;
}

/** Every command by its words. */
export const COMMANDS: Record<string, CommandClass> = {
  'new connector': NewConnector,
  'new pipeline': NewPipeline,
  spec: Spec,
  check: Check,
  discover: Discover,
  test: Test,
  extract: Extract,
  transform: Transform,
  load: Load,
  run: Run,
  'schedule airflow': ScheduleAirflow,
  'schedule kubernetes': ScheduleKubernetes,
  'schedule argo': ScheduleArgo,
  'schedule cron': ScheduleCron,
  'dataset list': DatasetList,
  'dataset show': DatasetShow,
  'dataset head': DatasetHead,
  'dataset rejected': DatasetRejected,
  'dataset prune': DatasetPrune,
  'dataset rm': DatasetRm,
  'state show': StateShow,
  'state reset': StateReset,
  doctor: Doctor,
  completion: Completion,
};

/** The first words of two-word commands, with what they are for. */
export const TOPICS: Record<string, string> = {
  new: 'Create a connector or a pipeline',
  schedule: 'Print what a scheduler needs to run a pipeline',
  dataset: 'Inspect and delete datasets in staging',
  state: 'Show or reset how far streams have been loaded',
};

/** Finds the command that the arguments begin with; `rest` is the arguments after it. */
export function findCommand(
  argv: readonly string[],
): { id: string; command: CommandClass; rest: string[] } | undefined {
  for (const words of [2, 1]) {
    const id = argv.slice(0, words).join(' ');
    const command = Object.hasOwn(COMMANDS, id) ? COMMANDS[id] : undefined;
    if (command !== undefined) return { id, command, rest: argv.slice(words) };
  }
  return undefined;
}
