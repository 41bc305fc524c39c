import { z } from 'zod';

/**
 * Makes a schema for an object with any names whose values all have one type. Unlike `z.record`, it also checks the value under
 * `__proto__`, because a stream or column may have that name.
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
