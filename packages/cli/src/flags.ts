import { Args, Flags, type Interfaces } from '@oclif/core';

/** Gives every flag its environment variable: `--run-id` is `ARIES_RUN_ID`. */
export function withEnvironment<T extends Interfaces.FlagInput>(flags: T): T {
  for (const [name, flag] of Object.entries(flags)) flag.env = `ARIES_${name.toUpperCase().replaceAll('-', '_')}`;
  return flags;
}

/** The flags of every command. `report/output-settings.ts` reads them before the arguments are parsed. */
export const outputFlags = withEnvironment({
  json: Flags.boolean({ summary: 'Print the result as one line of JSON, even on a terminal', helpGroup: 'OUTPUT' }),
  'result-file': Flags.string({
    summary: 'Also write the result, or the failure, to this file',
    helpValue: 'PATH',
    helpGroup: 'OUTPUT',
  }),
  'log-level': Flags.option({
    options: ['debug', 'info', 'warn', 'error'] as const,
    summary: 'Lowest level of messages on stderr; debug adds stack traces',
    helpGroup: 'OUTPUT',
  })(),
  'log-format': Flags.option({
    options: ['json', 'pretty'] as const,
    summary: 'Format of messages on stderr; by default json if stderr is not a terminal',
    helpGroup: 'OUTPUT',
  })(),
});

export const connectorArg = Args.string({
  description: "A path, a package or a short name such as postgres; not needed inside a connector's own folder",
  ignoreStdin: true,
});

export const uriArg = Args.string({
  description: 'The URI that a step printed as "dataset", or the folder of a step',
  required: true,
  ignoreStdin: true,
});

export const newNameArg = Args.string({
  name: 'name',
  description: 'Name in lower-case letters, digits and hyphens',
  required: true,
  ignoreStdin: true,
});

export const yes = Flags.boolean({ summary: 'Ask no questions: use the defaults and overwrite nothing' });

export const config = Flags.string({
  summary: "The connector's config: JSON, @file (JSON or YAML) or - (stdin)",
  helpValue: 'CONFIG',
});

const stagingOptions = { summary: 'Where datasets are stored: file:///folder or s3://bucket/prefix', helpValue: 'URI' };

export const staging = Flags.string(stagingOptions);

export const requiredStaging = Flags.string({ ...stagingOptions, required: true });

const nameOptions = { summary: 'Name of the job; jobs with different names never share a folder', helpValue: 'NAME' };

export const name = Flags.string(nameOptions);

export const requiredName = Flags.string({ ...nameOptions, required: true });

export const stream = Flags.string({
  summary: 'The stream to print; not needed if there is only one',
  helpValue: 'NAME',
});
