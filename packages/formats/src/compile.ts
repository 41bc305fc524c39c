/**
 * Compiles code for one schema. Field names get into it only by `quoted`, `fieldOf` and `memberOf`, so no name can
 * break out; everything else is handed in as a parameter.
 */
export function compile<T>(parameters: Record<string, unknown>, body: string): T {
  const factory = new Function(...Object.keys(parameters), `'use strict';\n${body}`);
  return factory(...Object.values(parameters)) as T;
}

/** A text as a JavaScript literal. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Reads a field of the record `r`. A name that every object inherits (`constructor`) is only read where it is its own. */
export function fieldOf(name: string): string {
  const access = `r[${quoted(name)}]`;
  return name in Object.prototype ? `(Object.hasOwn(r, ${quoted(name)}) ? ${access} : undefined)` : access;
}

/** A member of an object literal. Only a computed `__proto__` makes a property of that name. */
export function memberOf(name: string, value: string): string {
  return name === '__proto__' ? `["__proto__"]: ${value}` : `${quoted(name)}: ${value}`;
}
