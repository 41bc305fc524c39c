/**
 * Compiles code for a schema. Field names get into it only through `quoted`, `fieldOf` and `memberOf`, so no name can inject code.
 * Everything else is passed as a parameter.
 */
export function compile<T>(parameters: Record<string, unknown>, body: string): T {
  const factory = new Function(...Object.keys(parameters), `'use strict';\n${body}`);
  return factory(...Object.values(parameters)) as T;
}

/** Writes a text as a JavaScript literal. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Writes the access to a field of the record `r`. A name that every object inherits (`constructor`) is read only if it is its own. */
export function fieldOf(name: string): string {
  const access = `r[${quoted(name)}]`;
  return name in Object.prototype ? `(Object.hasOwn(r, ${quoted(name)}) ? ${access} : undefined)` : access;
}

/** Writes a member of an object literal. Only a computed `__proto__` creates a property of that name. */
export function memberOf(name: string, value: string): string {
  return name === '__proto__' ? `["__proto__"]: ${value}` : `${quoted(name)}: ${value}`;
}
