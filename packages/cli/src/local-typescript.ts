import { registerHooks } from 'node:module';

// Resolved before the hook exists: asking inside it would ask it again.
const PROVIDED = new Map(
  ['@aries-data/sdk', '@aries-data/sdk/rest', '@aries-data/sdk/testing', 'zod'].map((specifier) => [
    specifier,
    import.meta.resolve(specifier),
  ]),
);

let registered = false;

/**
 * Lets a connector in a folder without `node_modules` import the SDK and zod: where it does not find its own, it gets those
 * that came with `aries`, the very modules that the engine uses.
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
