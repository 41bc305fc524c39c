/** A reference page: the exports of one package, in the order of the page. */
export interface ReferencePage {
  package: string;
  title: string;
  intro: string;
  parts: { title: string; intro: string; files: string[] }[];
}

/** The reference pages, with those that authors need first. */
export const REFERENCE: ReferencePage[] = [
  {
    package: 'sdk',
    title: 'The SDK',
    intro:
      'The package for connector authors. Start with the guides; use this page to look things up. Its only dependency is zod, a peer dependency, from which `z` comes.',
    parts: [
      {
        title: 'Defining connectors',
        intro:
          'A connector is a module that exports a `source`, a `transform` or a `destination`, made by these functions.',
        files: [
          'source.ts',
          'transform.ts',
          'destination.ts',
          'context.ts',
          'connector.ts',
          'check-',
          'ledger-row.ts',
          'staged-format.ts',
        ],
      },
      {
        title: 'Records',
        intro: 'What `read` yields and transforms change: batches of records, checkpoints and rejected records.',
        files: ['records.ts'],
      },
      {
        title: 'Changes',
        intro:
          'What `read` yields besides, in a stream with `changes: true`: keys of deleted records, and what is known about a change.',
        files: ['changes.ts'],
      },
      {
        title: 'Schemas',
        intro:
          'Zod types for values that JSON numbers cannot hold, and functions that describe the fields of a schema. See the table in [Types](types.md).',
        files: ['schema.ts'],
      },
      {
        title: 'HTTP',
        intro: '`http` in the context of a connector. See the guide [Web APIs](../guides/http.md).',
        files: ['http.ts', 'pagination.ts'],
      },
      {
        title: 'Errors',
        intro: 'Every failure is an `AriesError`. [Errors and exit codes](errors.md) lists the codes.',
        files: ['errors.ts', 'nearest.ts'],
      },
    ],
  },
  {
    package: 'testing',
    title: 'Testing connectors',
    intro: 'For tests only. See the guide [Testing a connector](../guides/testing.md).',
    parts: [
      { title: 'Test kit', intro: 'The conformance rules, and helpers that run a connector in a test.', files: [''] },
    ],
  },
  {
    package: 'sql',
    title: 'SQL connectors',
    intro: 'The shared parts of connectors to SQL databases.',
    parts: [
      {
        title: 'Loading',
        intro: 'A dialect describes a database, a connection runs statements, and the session loads with both.',
        files: ['session.ts', 'dialect.ts', 'connection.ts', ''],
      },
    ],
  },
  {
    package: 'rest',
    title: 'Sources from YAML',
    intro: 'Sources described by data. See the guide [Any JSON API from YAML](../guides/rest.md).',
    parts: [{ title: 'Declarations', intro: 'Makes a source from a declaration.', files: [''] }],
  },
  {
    package: 'formats',
    title: 'Formats',
    intro: 'Converts records to bytes and back without losing a digit.',
    parts: [
      { title: 'JSON', intro: 'Exact JSON, which keeps numbers and names as written.', files: ['exact-json/'] },
      {
        title: 'Encoded records',
        intro: 'Readers and writers for csv, ndjson and pgcopy, and functions for sources that encode their own rows.',
        files: [''],
      },
    ],
  },
  {
    package: 'stores',
    title: 'Stores',
    intro: 'Storage for datasets: a folder, S3, or memory.',
    parts: [{ title: 'Stores', intro: 'One interface for all stores.', files: ['store.ts', ''] }],
  },
  {
    package: 'engine',
    title: 'The engine as a library',
    intro: 'The `aries` commands as functions.',
    parts: [
      {
        title: 'Steps',
        intro: 'Each takes options and returns what the command prints.',
        files: ['extract/', 'transform/', 'load/', 'step/step-options.ts', 'pipeline/', 'step/', 'state/', 'rules/'],
      },
      {
        title: 'Datasets',
        intro: 'Reading, describing and deleting datasets in staging.',
        files: ['dataset/', 'house/'],
      },
      {
        title: 'Config and secrets',
        intro: 'Filling in and parsing a config, and keeping its secrets out of the output.',
        files: ['config/', 'redact/'],
      },
    ],
  },
];
