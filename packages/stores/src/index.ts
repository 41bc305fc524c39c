export { encodeName } from './encode-name.ts';
export { memoryStaging } from './memory.ts';
export { openStore } from './open-store.ts';
export { type ResumedBody, resumedBody } from './resumed-body.ts';
export type { OpenObject, PreparedNames, Store, StoredObject, UnfinishedWrite } from './store.ts';
