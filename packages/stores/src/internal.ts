export { memoryStaging } from './memory.ts';
