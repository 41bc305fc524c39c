import { Args, Flags } from '@oclif/core';

export const args = {
  pipeline: Args.string({ description: 'The YAML file of the pipeline', required: true, ignoreStdin: true }),
};

/** What every target takes. */
export const shared = {
  file: Flags.string({
    summary: 'The pipeline file where it will be run: in the image, or on that machine',
    helpValue: 'PATH',
  }),
  env: Flags.string({
    summary: 'A variable that the tasks need besides those that the file refers to; once for each',
    helpValue: 'NAME',
    multiple: true,
    multipleNonGreedy: true,
  }),
  retries: Flags.integer({ summary: 'How often a task is tried again', min: 0, default: 3, helpValue: 'N' }),
};

export const retryDelay = Flags.integer({
  summary: 'Seconds before the first retry; twice as long before each further one',
  min: 1,
  default: 60,
  helpValue: 'SECONDS',
});

export const directory = Flags.string({
  summary: 'The folder that aries is run in; this one where it is left out',
  helpValue: 'PATH',
});

export const partitions = Flags.integer({
  summary: 'Partitions wanted of each stream; with kubernetes also how many pods share them',
  min: 1,
  helpValue: 'N',
});

/** What containers and pods take. */
export const pod = {
  image: Flags.string({ summary: 'The image with aries, connectors and the pipeline file', helpValue: 'IMAGE' }),
  secret: Flags.string({
    summary: "The Secret with what the pipeline refers to; the pipeline's name where it is left out",
    helpValue: 'NAME',
  }),
  cpu: Flags.string({ summary: 'CPU that a pod asks for', default: '500m', helpValue: 'QUANTITY' }),
  memory: Flags.string({ summary: 'Memory that a pod asks for, and may use', default: '512Mi', helpValue: 'QUANTITY' }),
  namespace: Flags.string({
    summary: "Namespace of the pods; that of kubectl's or Airflow's own where it is left out",
    helpValue: 'NAME',
  }),
};
