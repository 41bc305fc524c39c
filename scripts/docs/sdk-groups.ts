/** The sections of the SDK's reference, in the order of the page. */
export const GROUPS: { title: string; intro: string; files: string[] }[] = [
  {
    title: 'Defining connectors',
    intro:
      'A connector is a module that exports a `source`, a `transform` or a `destination`, made by these functions.',
    files: ['source.ts', 'transform.ts', 'destination.ts', 'context.ts', 'connector.ts'],
  },
  {
    title: 'Records',
    intro: 'What `read` yields and transforms change: batches of records, and the markers between them.',
    files: ['records.ts', 'position.ts'],
  },
  {
    title: 'Schemas',
    intro:
      'Zod types for values that JSON numbers cannot hold, and functions that describe the fields of a schema. See the table in [Types](types.md).',
    files: ['schema.ts', 'json-value.ts'],
  },
  {
    title: 'HTTP',
    intro: '`http` in the context of a connector. See the guide [Web APIs](../guides/http.md).',
    files: ['http/'],
  },
  {
    title: 'Errors',
    intro: 'Every failure is an `AriesError`. [Errors and exit codes](errors.md) lists the codes.',
    files: ['errors.ts'],
  },
  {
    title: 'Config and secrets',
    intro: 'Filling in and parsing a config, and keeping its secrets out of the output.',
    files: ['config.ts', 'config/', 'places.ts', 'redact.ts'],
  },
  {
    title: 'Steps as a library',
    intro: 'The `aries` commands as functions. Each takes options and returns what the command prints.',
    files: [
      'steps/extract.ts',
      'steps/transform.ts',
      'steps/load.ts',
      'steps/step.ts',
      'steps/pipeline.ts',
      'steps/',
      'state.ts',
      'ledger.ts',
      'drift.ts',
    ],
  },
  {
    title: 'Datasets and stores',
    intro: 'Reading, describing and deleting the datasets in staging.',
    files: ['dataset/', 'stores/'],
  },
  {
    title: 'Encoded records',
    intro: 'Exact readers and writers for csv and ndjson, and functions for sources that encode their own rows.',
    files: ['formats/', 'calendar.ts'],
  },
  {
    title: 'SQL systems',
    intro: 'For connectors to SQL databases: a dialect describes the database, and the session loads with it.',
    files: ['sql/session.ts', 'sql/dialect.ts', 'sql/'],
  },
];

/** Titles of the other entry points. One that is missing here is titled with its path. */
export const ENTRIES: Record<string, { title: string; intro: string }> = {
  './testing': {
    title: 'Testing connectors',
    intro: 'For tests only. See the guide [Testing a connector](../guides/testing.md).',
  },
  './rest': {
    title: 'Sources from YAML',
    intro: 'Sources described by data. See the guide [Any JSON API from YAML](../guides/rest.md).',
  },
};
