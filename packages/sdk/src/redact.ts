/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

// Shorter secrets would blot out ordinary words; they are hidden where they stand in a config, not in free text.
const SHORTEST_IN_TEXT = 4;

const USERINFO = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s/@:?#"']*):([^\s/@"']+)@/gi;
const SECRET_PARAMETER =
  /([?&;](?:[a-z0-9_.-]*(?:password|passwd|secret|token|signature|credential|api[-_]?key|access[-_]?key|sig))=)([^&#\s"']+)/gi;

/** Hides secrets in whatever is about to be printed, written or thrown. */
export interface Redactor {
  /** Remembers a secret, in every form in which it could be printed. */
  add(secret: string): void;
  /** The text without secrets, and without passwords in URLs. */
  text(text: string): string;
  /** The same for every string, key and value, of a JSON-like value. */
  value<T>(value: T): T;
}

/**
 * A redactor of its own for each run; nothing is remembered globally.
 *
 * @example
 * createRedactor(['tok-123456']).text('refused tok-123456'); // 'refused [redacted]'
 */
export function createRedactor(secrets: Iterable<string> = []): Redactor {
  const forms = new Set<string>();
  let pattern: RegExp | undefined;

  const redactor: Redactor = {
    add(secret) {
      if (secret.length < SHORTEST_IN_TEXT) return;
      for (const form of formsOf(secret)) forms.add(form);
      for (const password of passwordsIn(secret)) redactor.add(password);
      pattern = undefined;
    },
    text(text) {
      let result = text;
      if (forms.size > 0) {
        pattern ??= new RegExp(
          [...forms]
            .sort((a, b) => b.length - a.length)
            .map((form) => form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
            .join('|'),
          'g',
        );
        result = result.replace(pattern, REDACTED);
      }
      return result.replace(USERINFO, `$1$2:${REDACTED}@`).replace(SECRET_PARAMETER, `$1${REDACTED}`);
    },
    value<T>(value: T): T {
      return redactValue(value, redactor.text, new WeakSet()) as T;
    },
  };
  for (const secret of secrets) redactor.add(secret);
  return redactor;
}

/** The passwords of the URLs in a text, as written and decoded. */
export function passwordsIn(text: string): string[] {
  return [...text.matchAll(USERINFO)].flatMap(([, , , password = '']) => [password, safeDecode(password)]);
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function formsOf(secret: string): string[] {
  const base64 = Buffer.from(secret).toString('base64');
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    base64,
    base64.replace(/=+$/, ''),
  ].filter((form) => form.length >= SHORTEST_IN_TEXT);
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
