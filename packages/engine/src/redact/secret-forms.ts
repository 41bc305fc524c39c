/** Shorter secrets occur in ordinary words, so hiding them would make messages unreadable. */
export const SHORTEST = 4;

/** A line this long occurs in a message only if it was copied from the secret. */
const SHORTEST_LINE = 8;

/** A text to search for, and whether the characters next to it contain bits of the secret. */
export interface SecretForm {
  text: string;
  /** In base64, three bytes share four characters, so the character before or after may be partly secret. */
  cutBefore: boolean;
  cutAfter: boolean;
}

/**
 * Returns the forms in which a secret may be printed: unchanged, line by line, in base64 (also within a longer text, such as
 * `user:secret`), in base64url and in hex. For percent-encoding and JSON escapes, the searched text is decoded instead.
 */
export function formsOf(secret: string): SecretForm[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const plain = [secret, secret.trim(), ...linesOf(secret), hex, hex.toUpperCase()];
  return [
    ...plain.map((text) => ({ text, cutBefore: false, cutAfter: false })),
    ...[0, 1, 2].flatMap((shift) => base64Of(bytes, shift)),
  ].filter(({ text }) => text.length >= SHORTEST);
}

/** Splits a key into lines. In a key within JSON, they are separated by an escape. */
function linesOf(secret: string): string[] {
  const lines = secret.split(/\r?\n|\\r\\n|\\n/);
  if (lines.length === 1) return [];
  return lines
    .map((line) => line.trim())
    .filter((line) => line.length >= SHORTEST_LINE && !/^-----[A-Z0-9 ]{1,64}-----$/.test(line));
}

/** Returns the base64 characters that contain only bits of these bytes, if they begin `shift` bytes after a group of three. */
function base64Of(bytes: Buffer, shift: number): SecretForm[] {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  const end = shift + bytes.length;
  const inner = text.slice(Math.ceil((shift * 8) / 6), Math.floor((end * 8) / 6));
  const url = inner.replaceAll('+', '-').replaceAll('/', '_');
  return [...new Set([inner, url])].map((form) => ({ text: form, cutBefore: shift > 0, cutAfter: end % 3 > 0 }));
}
