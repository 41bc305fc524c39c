const WORDS = /"(message|hint|description)":("(?:[^"\\]|\\.)*")/g;

/** Texts that people read in a line of JSON; everything else in it is what programs read. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(WORDS)].map(([, name, text]) => `${name}: ${JSON.parse(text!)}`);
}

/** The same line without them. Their wording may change, so it is pinned in files of its own. */
export function withoutWords(line: string): string {
  return line.replace(WORDS, '"$1":"<words>"');
}
