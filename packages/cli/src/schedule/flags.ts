import { Args, Flags } from '@oclif/core';

export const args = {
  pipeline: Args.string({ description: 'The YAML file of the pipeline', required: true, ignoreStdin: true }),
};

/** Flags of every target. */
export const shared = {
  file: Flags.string({
    summary: 'Path of the pipeline file where it will run: in the image, or on that machine',
    helpValue: 'PATH',
  }),
  env: Flags.string({
    summary: 'Variable that the tasks need in addition to those that the file refers to; repeat it for several',
    helpValue: 'NAME',
    multiple: true,
    multipleNonGreedy: true,
  }),
  retries: Flags.integer({ summary: 'Number of retries of a task', min: 0, default: 3, helpValue: 'N' }),
};

export const retryDelay = Flags.integer({
  summary: 'Seconds before the first retry; doubled before each further one',
  min: 1,
  default: 60,
  helpValue: 'SECONDS',
});

export const directory = Flags.string({
  summary: 'Folder to run aries in; by default the current one',
  helpValue: 'PATH',
});

export const partitions = Flags.integer({
  summary: 'Number of partitions for each stream; with kubernetes also the number of pods',
  min: 1,
  helpValue: 'N',
});

/** Flags of containers and pods. */
export const pod = {
  image: Flags.string({ summary: 'Image that holds aries, the connectors and the pipeline file', helpValue: 'IMAGE' }),
  secret: Flags.string({
    summary: "Name of the Secret that holds what the pipeline refers to; by default the pipeline's name",
    helpValue: 'NAME',
  }),
  cpu: Flags.string({ summary: 'CPU that a pod requests', default: '500m', helpValue: 'QUANTITY' }),
  memory: Flags.string({
    summary: 'Memory that a pod requests, and its limit',
    default: '512Mi',
    helpValue: 'QUANTITY',
  }),
  namespace: Flags.string({
    summary: 'Namespace of the pods; by default that of kubectl or Airflow',
    helpValue: 'NAME',
  }),
};
