export { transform as dedupe } from './dedupe.ts';
export { transform as filter } from './filter.ts';
export { transform as flatten } from './flatten.ts';
export { transform as select } from './select.ts';
