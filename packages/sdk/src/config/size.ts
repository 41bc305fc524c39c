import { AriesError } from '../errors.ts';

/** The most levels of a config. Code that walks it is recursive, and so are zod and JSON.stringify. */
const MOST_LEVELS = 200;
/** The most values of a config, counting each as often as YAML aliases repeat it. */
const MOST_VALUES = 1_000_000;

/** Throws `CONFIG_INVALID` if a config is nested more deeply, or larger, than any real one. */
export function checkSize(config: unknown, where: string): void {
  const open: { value: unknown; level: number }[] = [{ value: config, level: 0 }];
  let values = 0;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (typeof at.value !== 'object' || at.value === null) continue;
    const members = Object.values(at.value);
    values += members.length;
    if (at.level === MOST_LEVELS) throw tooLarge(`${where} has more than ${MOST_LEVELS} levels of lists and objects`);
    if (values > MOST_VALUES) throw tooLarge(`${where} has more than ${MOST_VALUES} values`);
    for (const value of members) open.push({ value, level: at.level + 1 });
  }
}

function tooLarge(message: string): AriesError {
  return new AriesError('CONFIG_INVALID', message, {
    hint: 'Check for repeated brackets, and for aliases that repeat each other.',
  });
}
