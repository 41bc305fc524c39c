export { source } from './source/source.ts';
