import type { MaxRejected, StreamOptions } from '@aries-data/engine';
import { Args, Flags, type Interfaces } from '@oclif/core';
import { parseMaxRejected, parseTime } from './flag-values.ts';

/** Gives every flag its twin in the environment: `--run-id` is `ARIES_RUN_ID`. */
export function withEnvironment<T extends Interfaces.FlagInput>(flags: T): T {
  for (const [name, flag] of Object.entries(flags)) flag.env = `ARIES_${name.toUpperCase().replaceAll('-', '_')}`;
  return flags;
}

/** What every command takes. `report/output-settings.ts` reads them before the arguments are parsed. */
export const outputFlags = withEnvironment({
  json: Flags.boolean({ summary: 'Print the result as one line of JSON, also on a terminal', helpGroup: 'OUTPUT' }),
  'result-file': Flags.string({
    summary: 'Also write the result, or the failure, to this file',
    helpValue: 'PATH',
    helpGroup: 'OUTPUT',
  }),
  'log-level': Flags.option({
    options: ['debug', 'info', 'warn', 'error'] as const,
    summary: 'What is worth a line on stderr; debug adds stacks',
    helpGroup: 'OUTPUT',
  })(),
  'log-format': Flags.option({
    options: ['json', 'pretty'] as const,
    summary: 'How stderr reads; json where it is no terminal',
    helpGroup: 'OUTPUT',
  })(),
});

/** What every step takes besides. */
export const metricsFile = Flags.string({
  summary: "Write metrics to this file, for Prometheus' textfile collector",
  helpValue: 'PATH',
  helpGroup: 'OUTPUT',
});

/** The connector: left out inside a connector's own folder. */
export const connectorArg = Args.string({
  description: "A path, a package or a short name such as postgres; left out inside a connector's own folder",
  ignoreStdin: true,
});

export const uriArg = Args.string({
  description: 'The URI that a step printed as "dataset", or the folder of a step',
  required: true,
  ignoreStdin: true,
});

export const newNameArg = Args.string({
  name: 'name',
  description: 'What it is called: lower-case letters, digits and hyphens',
  required: true,
  ignoreStdin: true,
});

export const yes = Flags.boolean({ summary: 'Ask nothing: take what is usual, and overwrite nothing' });

export const config = Flags.string({
  summary: "The connector's config: JSON, @file (JSON or YAML) or - (stdin)",
  helpValue: 'CONFIG',
});

const stagingOptions = { summary: 'Where datasets rest: file:///folder or s3://bucket/prefix', helpValue: 'URI' };

export const staging = Flags.string(stagingOptions);

export const requiredStaging = Flags.string({ ...stagingOptions, required: true });

const nameOptions = { summary: 'Name of the job; datasets of two jobs never share a folder', helpValue: 'NAME' };

export const name = Flags.string(nameOptions);

export const requiredName = Flags.string({ ...nameOptions, required: true });

export const runId = Flags.string({
  summary: "Id of the run, the scheduler's; the same id is the same dataset",
  helpValue: 'ID',
});

export const state = Flags.string({
  summary: "Where the state is kept; the staging's own where it is left out",
  helpValue: 'URI',
});

export const stream = Flags.string({
  summary: 'The stream meant; may be left out where there is only one',
  helpValue: 'NAME',
});

export const input = Flags.string({
  summary: 'Dataset to read: the URI that the step before printed; once for each dataset',
  helpValue: 'URI',
  required: true,
  multiple: true,
  multipleNonGreedy: true,
});

export const streams = Flags.custom<(string | StreamOptions)[]>({
  summary: 'Streams wanted: names with commas between, JSON, or @file',
  helpValue: 'STREAMS',
  parse: async (text) => (await import('./streams-argument.ts')).parseStreams(text),
})();

export const fullRefresh = Flags.boolean({ summary: 'Read everything again, whatever the state says' });

export const interval = {
  'interval-start': Flags.custom<string>({
    summary: 'Read only records whose cursor lies at or after this time',
    helpValue: 'TIME',
    dependsOn: ['interval-end'],
    parse: async (text) => parseTime(text),
  })(),
  'interval-end': Flags.custom<string>({
    summary: '… and before this time',
    helpValue: 'TIME',
    dependsOn: ['interval-start'],
    parse: async (text) => parseTime(text),
  })(),
};

export const partition = {
  plan: Flags.boolean({
    summary: 'Only part the extract into partitions, for separate tasks',
    exclusive: ['partition'],
  }),
  partitions: Flags.integer({
    summary: 'Partitions wanted of each stream; by default as many as fit its size',
    min: 1,
    helpValue: 'N',
    dependsOn: ['plan'],
  }),
  partition: Flags.string({
    summary: 'Extract one partition of the plan: its id; or i/n, every n-th from the i-th on, from 0',
    helpValue: 'P',
  }),
};

export const staged = {
  'staged-format': Flags.option({
    options: ['csv', 'ndjson', 'pgcopy'] as const,
    summary: 'How records are staged; what the source does cheapest',
  })(),
  compression: Flags.option({ options: ['zst', 'gz', 'none'] as const, summary: 'How parts are compressed; zst' })(),
};

export const limit = Flags.integer({ summary: 'Records per stream at most', min: 0, helpValue: 'N' });

export const thresholds = {
  'max-rejected': Flags.custom<MaxRejected>({
    summary: 'Rejected records allowed: a number, or a share such as 0.5%',
    helpValue: 'N|N%',
    parse: async (text) => parseMaxRejected(text),
  })(),
  'min-records': Flags.integer({ summary: 'Fail where a stream has fewer records', min: 0, helpValue: 'N' }),
  'skip-empty': Flags.boolean({ summary: 'End with exit code 99 where there are no records' }),
};

export const skipMissing = Flags.boolean({
  summary: 'End with exit code 99, not 75, where the input is not there yet',
});

export const concurrency = Flags.integer({
  summary: 'Connections and parts at a time; by default as many as there are cores, four at most',
  min: 1,
  helpValue: 'N',
});

export const disposition = Flags.option({
  options: ['append', 'replace', 'replace-interval', 'merge'] as const,
  summary: 'How the dataset is applied; by default what fits how it was read',
})();

export const schemaChange = Flags.option({
  options: ['evolve', 'freeze', 'discard'] as const,
  summary: 'Where fields are not those of the target: change it (the default), fail, or leave new fields out',
})();

export const allowGap = Flags.boolean({ summary: 'Load although a dataset in between was never loaded' });

export const adopt = Flags.boolean({ summary: 'Load incrementally into a table that Aries has not loaded before' });

export const allowRepeat = Flags.boolean({
  summary: 'Append a full read although records of the same source were appended before',
});

export const force = Flags.boolean({ summary: 'Do it again, whatever was done before' });
