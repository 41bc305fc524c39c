/** The parts of the SDK's reference, in the order of the page. */
export const GROUPS: { title: string; intro: string; files: string[] }[] = [
  {
    title: 'Defining connectors',
    intro:
      'A connector is a module that exports a `source`, a `transform` or a `destination`, made by these functions.',
    files: ['source.ts', 'transform.ts', 'destination.ts', 'context.ts', 'connector.ts'],
  },
  {
    title: 'Records',
    intro: 'What `read` yields and a transform changes: batches of records, and what stands among them.',
    files: ['records.ts', 'position.ts'],
  },
  {
    title: 'Schemas',
    intro:
      'Zod types for values that JSON cannot hold as numbers, and what a schema says of its fields. [Types](types.md) has the one table.',
    files: ['schema.ts', 'json-value.ts'],
  },
  {
    title: 'HTTP',
    intro: '`http` in the context of a connector. [Web APIs](../guides/http.md) is the guide.',
    files: ['http/'],
  },
  {
    title: 'Errors',
    intro: 'Everything that fails, fails with an `AriesError`. [Errors and exit codes](errors.md) has all codes.',
    files: ['errors.ts'],
  },
  {
    title: 'Config and secrets',
    intro: 'How a config is filled in and parsed, and its secrets kept out of what Aries prints.',
    files: ['config.ts', 'config/', 'places.ts', 'redact.ts'],
  },
  {
    title: 'Steps as a library',
    intro: 'What the commands of `aries` do, as functions. Each takes options and returns what the command prints.',
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
    intro: 'Reading, describing and deleting what steps left in staging.',
    files: ['dataset/', 'stores/'],
  },
  {
    title: 'Encoded records',
    intro: 'Exact readers and writers of csv and ndjson, and what a byte lane needs.',
    files: ['formats/', 'calendar.ts'],
  },
  {
    title: 'SQL systems',
    intro: 'What connectors to SQL databases share: a dialect says how one differs, the session loads by it.',
    files: ['sql/session.ts', 'sql/dialect.ts', 'sql/'],
  },
];

/** The other entry points; one that is not here is called by its path. */
export const ENTRIES: Record<string, { title: string; intro: string }> = {
  './testing': {
    title: 'Testing connectors',
    intro: 'For tests only. [Testing a connector](../guides/testing.md) is the guide.',
  },
  './rest': {
    title: 'Sources from YAML',
    intro: 'A source that is data. [Any JSON API from YAML](../guides/rest.md) is the guide.',
  },
};
