/**
 * What belongs to the fast tests by its place, and takes too long for them: it runs with the integration tests. Mostly processes that
 * are killed in their middle, rules that each connector is held to, and codecs that are compared with somebody else's.
 */
export const slow = [
  'connectors/*/src/conformance.test.ts',
  'connectors/duckdb/src/evolve.test.ts',
  'connectors/duckdb/src/interrupted.test.ts',
  'connectors/duckdb/src/part-reader.test.ts',
  'connectors/file/src/formats/json-document.test.ts',
  'connectors/file/src/interrupted.test.ts',
  'connectors/file/src/load/commit-steps.test.ts',
  'connectors/postgres/src/relations.test.ts',
  'connectors/postgres/src/tunnel.test.ts',
  'packages/cli/src/unusual-ends.test.ts',
  'packages/sdk/src/stores/s3-faults.test.ts',
  'test/broken-destinations.test.ts',
  'test/cli-datasets.test.ts',
  'test/cli-examples.test.ts',
  'test/cli-real-systems.test.ts',
  'test/cli-telemetry.test.ts',
  'test/cursor-end.test.ts',
  'test/docs-commands.test.ts',
  'test/hostile-names.test.ts',
  'test/pgcopy.test.ts',
  'test/running-again/interrupted-extract.test.ts',
  'test/running-again/interrupted-load.test.ts',
  'test/running-again/postgres-source.test.ts',
  'test/running-again/schema-drift.test.ts',
  'test/schedule-manifests.test.ts',
  'test/text-in-text-out.test.ts',
  'test/three-processes.test.ts',
  'test/types-elsewhere.test.ts',
];
