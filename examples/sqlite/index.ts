export { destination } from './destination.ts';
