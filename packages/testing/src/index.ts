export { memoryStaging } from '@aries-data/stores';
export {
  type ConformanceSuites,
  type ConnectorRule,
  conformance,
  type RuleResult,
  runConformance,
} from './conformance/conformance.ts';
export type { RuleOutcome } from './conformance/rule.ts';
export {
  type ConformanceInput,
  type ConformanceSuite,
  type ConformanceWorld,
  defineConformance,
  type LargeStream,
} from './conformance/suite.ts';
export { type TestConformanceOptions, type TestFunction, testConformance } from './conformance/test-conformance.ts';
export { noHttp } from './no-http.ts';
export { withOptions } from './options-table.ts';
export { type ReadAllOptions, type ReadAllResult, readAll } from './read-all.ts';
export { type RunTransformOptions, type RunTransformResult, runTransform } from './run-transform.ts';
