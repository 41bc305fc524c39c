export { destination } from './destination/destination.ts';
export { source } from './source/source.ts';
