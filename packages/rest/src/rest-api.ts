import { checkApi } from './check-declaration.ts';
import { declaration } from './declaration.ts';

/** An API and its streams, said in data: what a `rest.yaml` holds. */
export const restApi = declaration.superRefine((api, { addIssue }) => {
  for (const { path, message } of checkApi(api)) addIssue({ code: 'custom', path, message });
});
