/** A page of the reference: what one package exports, in the order of the page. */
export interface ReferencePage {
  package: string;
  title: string;
  intro: string;
  parts: { title: string; intro: string; files: string[] }[];
}

/** The reference of the packages, what authors need first. */
export const REFERENCE: ReferencePage[] = [
  {
    package: 'sdk',
    title: 'The SDK',
    intro:
      'What connectors are written against. The guides come first: this page is for looking things up. Its only dependency is zod, a peer: the names of `z` come from there.',
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
        intro: 'What `read` yields and a transform changes: batches of records, checkpoints and rejected records.',
        files: ['records.ts'],
      },
      {
        title: 'Schemas',
        intro:
          'Zod types for values that JSON cannot hold as numbers, and what a schema says of its fields. [Types](types.md) has the one table.',
        files: ['schema.ts'],
      },
      {
        title: 'HTTP',
        intro: '`http` in the context of a connector. [Web APIs](../guides/http.md) is the guide.',
        files: ['http.ts', 'pagination.ts'],
      },
      {
        title: 'Errors',
        intro: 'Everything that fails, fails with an `AriesError`. [Errors and exit codes](errors.md) has all codes.',
        files: ['errors.ts', 'nearest.ts'],
      },
    ],
  },
  {
    package: 'testing',
    title: 'Testing connectors',
    intro: 'For tests only. [Testing a connector](../guides/testing.md) is the guide.',
    parts: [
      { title: 'Test kit', intro: 'The conformance battery, and helpers that run a connector in a test.', files: [''] },
    ],
  },
  {
    package: 'sql',
    title: 'SQL connectors',
    intro: 'What connectors to SQL databases share.',
    parts: [
      {
        title: 'Loading',
        intro:
          'A dialect says how one database differs, a connection runs its statements, and the session loads by both.',
        files: ['session.ts', 'dialect.ts', 'connection.ts', ''],
      },
    ],
  },
  {
    package: 'rest',
    title: 'Sources from YAML',
    intro: 'A source that is data. [Any JSON API from YAML](../guides/rest.md) is the guide.',
    parts: [{ title: 'Declarations', intro: 'What makes a source of a declaration.', files: [''] }],
  },
  {
    package: 'formats',
    title: 'Formats',
    intro: 'Records to bytes and back, without losing a digit.',
    parts: [
      { title: 'JSON', intro: 'Exact JSON: numbers and names as they are written.', files: ['exact-json/'] },
      {
        title: 'Encoded records',
        intro: 'Readers and writers of csv, ndjson and pgcopy, and what a byte lane needs.',
        files: [''],
      },
    ],
  },
  {
    package: 'stores',
    title: 'Stores',
    intro: 'Where datasets rest: a folder, S3, or memory.',
    parts: [{ title: 'Stores', intro: 'One interface for all of them.', files: ['store.ts', ''] }],
  },
  {
    package: 'engine',
    title: 'The engine as a library',
    intro: 'What the commands of `aries` do, as functions.',
    parts: [
      {
        title: 'Steps',
        intro: 'Each takes options and returns what the command prints.',
        files: ['extract/', 'transform/', 'load/', 'step/step-options.ts', 'pipeline/', 'step/', 'state/', 'rules/'],
      },
      {
        title: 'Datasets',
        intro: 'Reading, describing and deleting what steps left in staging.',
        files: ['dataset/'],
      },
      {
        title: 'Config and secrets',
        intro: 'How a config is filled in and parsed, and its secrets kept out of what Aries prints.',
        files: ['config/', 'redact/'],
      },
    ],
  },
];
