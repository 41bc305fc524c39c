import { checkApi } from './check-declaration.ts';
import { declaration } from './declaration.ts';

/** Schema of a declared API and its streams, as in a `rest.yaml`. */
export const restApi = declaration.superRefine((api, { addIssue }) => {
  for (const { path, message } of checkApi(api)) addIssue({ code: 'custom', path, message });
});
