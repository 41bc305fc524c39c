import { registerHooks } from 'node:module';

// Resolved before the hook exists: resolving inside it would call it again.
const PROVIDED = new Map(
  ['sdk', 'formats', 'stores', 'sql', 'rest', 'testing']
    .map((name) => `@aries-data/${name}`)
    .concat('zod')
    .map((specifier) => [specifier, import.meta.resolve(specifier)]),
);

let registered = false;

/**
 * Lets a connector in a folder without `node_modules` import the packages that connectors build on, and zod. If it has no copy of its
 * own, it gets the one that came with `aries`: the same modules that the engine uses.
 */
export function provideSdkToLocalFiles(): void {
  if (registered) return;
  registered = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const provided = PROVIDED.get(specifier);
      if (provided === undefined) return nextResolve(specifier, context);
      try {
        return nextResolve(specifier, context);
      } catch {
        return { url: provided, shortCircuit: true };
      }
    },
  });
}
