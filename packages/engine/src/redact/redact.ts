import { decodedTexts } from './decoded-text.ts';
import { formsOf, type SecretForm, SHORTEST } from './secret-forms.ts';
import { urlPasswords } from './url-passwords.ts';

/** Text that replaces a secret. */
export const REDACTED = '[redacted]';

const PARAMETER = /([?&;])([a-z0-9_.-]*)=([^&#\s"']+)/gi;
/** Characters at the end of a parameter's name that are checked for words such as `token`. */
const LONGEST_NAME = 16;
const SECRET_NAME = /(?:password|passwd|secret|token|signature|credential|api[-_]?key|access[-_]?key|sig)$/i;

/** Hides secrets in everything that is printed, written or thrown. */
export interface Redactor {
  /** Adds a secret, in every form in which it could be printed. Ignores one with fewer than 4 characters: it is hidden only in configs. */
  add(secret: string): void;
  /** Replaces secrets, and passwords in URLs, in a text. */
  text(text: string): string;
  /** Replaces them in all keys and strings of a JSON-like value. */
  value<T>(value: T): T;
}

/**
 * Creates a redactor. Each run has its own; no secrets are kept globally.
 *
 * @example
 * createRedactor(['tok-123456']).text('refused tok-123456'); // 'refused [redacted]'
 */
export function createRedactor(secrets: Iterable<string> = []): Redactor {
  const known = new Set<string>();
  const forms = new Map<string, SecretForm>();

  const redactor: Redactor = {
    add(secret) {
      if (secret.length < SHORTEST || known.has(secret)) return;
      known.add(secret);
      for (const form of formsOf(secret)) forms.set(form.text, form);
      for (const password of passwordsIn(secret)) redactor.add(password);
    },
    text(text) {
      const hidden = forms.size === 0 ? text : hideRanges(text, secretRanges(text, forms.values()));
      return hideRanges(hidden, passwordRanges(hidden)).replace(PARAMETER, hiddenParameter);
    },
    value<T>(value: T): T {
      return redactValue(value, redactor.text, new WeakSet()) as T;
    },
  };
  for (const secret of secrets) redactor.add(secret);
  return redactor;
}

/** Finds the passwords of the URLs in a text, as written and decoded. */
export function passwordsIn(text: string): string[] {
  return [...urlPasswords(text)].flatMap(({ from, to }) => [text.slice(from, to), safeDecode(text.slice(from, to))]);
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function hiddenParameter(parameter: string, before: string, name: string): string {
  return SECRET_NAME.test(name.slice(-LONGEST_NAME)) ? `${before}${name}=${REDACTED}` : parameter;
}

type Range = [from: number, to: number];

/** Finds secrets in a text and in its decoded forms. */
function secretRanges(text: string, forms: Iterable<SecretForm>): Range[] {
  const found: Range[] = [];
  const all = [...forms];
  for (const { text: decoded, from } of decodedTexts(text)) {
    for (const { text: form, cutBefore, cutAfter } of all) {
      for (let at = decoded.indexOf(form); at >= 0; at = decoded.indexOf(form, at + 1)) {
        const start = cutBefore && isBase64(decoded[at - 1]) ? at - 1 : at;
        let end = at + form.length;
        if (cutAfter && isBase64(decoded[end])) end++;
        if (cutAfter) for (let pad = 0; pad < 2 && decoded[end] === '='; pad++) end++;
        found.push([from?.[start] ?? start, from?.[end] ?? end]);
      }
    }
  }
  return found;
}

function isBase64(character: string | undefined): boolean {
  return character !== undefined && /[A-Za-z0-9+/_-]/.test(character);
}

function passwordRanges(text: string): Range[] {
  return [...urlPasswords(text)].filter(({ from, to }) => to > from).map(({ from, to }): Range => [from, to]);
}

/** Replaces ranges of a text. Overlapping ranges become one. */
function hideRanges(text: string, ranges: Range[]): string {
  if (ranges.length === 0) return text;
  ranges.sort(([a], [b]) => a - b);
  const pieces: string[] = [];
  let shown = 0;
  let [start, end] = ranges[0]!;
  const close = () => {
    pieces.push(text.slice(shown, start), REDACTED);
    shown = end;
  };
  for (const [from, to] of ranges) {
    if (from > end) {
      close();
      start = from;
    }
    end = Math.max(end, to);
  }
  close();
  return pieces.join('') + text.slice(shown);
}

function redactValue(value: unknown, text: (text: string) => string, seen: WeakSet<object>): unknown {
  if (typeof value === 'string') return text(value);
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return '[circular]';
  seen.add(value);
  if (Array.isArray(value)) return value.map((item) => redactValue(item, text, seen));
  if (value instanceof Error) return { name: value.name, message: text(value.message) };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [text(key), redactValue(item, text, seen)]));
}
