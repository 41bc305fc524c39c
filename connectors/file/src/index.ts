export { destination } from './destination.ts';
export { source } from './source.ts';
