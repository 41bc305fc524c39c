export { memoryStaging } from '../stores/memory.ts';
export { noHttp } from './no-http.ts';
export { type ReadAllOptions, type ReadAllResult, readAll } from './read-all.ts';
export { type RunTransformOptions, type RunTransformResult, runTransform } from './run-transform.ts';
