import { createRedactor, type Redactor } from '@aries-data/engine';

// Values that a later step is given: they were chosen by the user, and would be useless with a part of them redacted.
const IDENTIFIERS = new Set([
  'dataset',
  'runId',
  'name',
  'step',
  'code',
  'kind',
  'connector',
  'stream',
  'disposition',
  'outcome',
]);

const urlPasswords = createRedactor();

/** Formats a result as one line of JSON without secrets. Names and URIs keep words that happen to equal a password. */
export function resultLine(result: object, redactor: Redactor): string {
  return JSON.stringify(hide(result, redactor.text));
}

function hide(value: unknown, text: (text: string) => string): unknown {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map((item) => hide(item, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, hide(item, IDENTIFIERS.has(key) ? urlPasswords.text : text)]),
  );
}
