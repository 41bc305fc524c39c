import { z } from 'zod';

/**
 * An object of any names whose values are all of one type. `z.record` passes over the name `__proto__`, and a stream or column may be
 * called that: what is under it is checked like anything else.
 */
export function recordOf<V extends z.ZodType>(value: V) {
  return z.preprocess(
    (given, ctx) => {
      const hidden = Object.getOwnPropertyDescriptor(Object(given), '__proto__');
      if (hidden === undefined) return given;
      for (const { message, path } of value.safeParse(hidden.value).error?.issues ?? [])
        ctx.addIssue({ code: 'custom', message, path: ['__proto__', ...path] });
      return given;
    },
    z.record(z.string(), value),
  );
}
