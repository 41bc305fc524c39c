/** Shorter texts stand in ordinary words: hiding them would make messages unreadable. */
export const SHORTEST = 4;

/** Lines of a secret that stand alone in a message only by being copied from it. */
const SHORTEST_LINE = 8;

/** A text to look for, and whether the characters next to it hold bits of the secret as well. */
export interface SecretForm {
  text: string;
  /** In base64 three bytes share four characters: the one before, or after, may be partly the secret's. */
  cutBefore: boolean;
  cutAfter: boolean;
}

/**
 * What a secret looks like where it is printed: as it is, line by line, in base64 (also in the middle of a longer text, such as
 * `user:secret`), in base64url and in hex. Percent-encoding and JSON's escapes are undone in the text instead.
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

/** The lines of a key; those of a key inside JSON are divided by an escape. */
function linesOf(secret: string): string[] {
  const lines = secret.split(/\r?\n|\\r\\n|\\n/);
  if (lines.length === 1) return [];
  return lines
    .map((line) => line.trim())
    .filter((line) => line.length >= SHORTEST_LINE && !/^-----[A-Z0-9 ]{1,64}-----$/.test(line));
}

/** The characters that hold nothing but bits of these bytes, when they begin `shift` bytes after a group of three. */
function base64Of(bytes: Buffer, shift: number): SecretForm[] {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  const end = shift + bytes.length;
  const inner = text.slice(Math.ceil((shift * 8) / 6), Math.floor((end * 8) / 6));
  const url = inner.replaceAll('+', '-').replaceAll('/', '_');
  return [...new Set([inner, url])].map((form) => ({ text: form, cutBefore: shift > 0, cutAfter: end % 3 > 0 }));
}
