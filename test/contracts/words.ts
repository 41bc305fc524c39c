const WORDS = /"(message|hint|description)":("(?:[^"\\]|\\.)*")/g;

/** Returns the texts for people in a line of JSON. Everything else is for programs. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(WORDS)].map(([, name, text]) => `${name}: ${JSON.parse(text!)}`);
}

/** Returns the line without these texts. Their wording may change, so it is pinned in separate files. */
export function withoutWords(line: string): string {
  return line.replace(WORDS, '"$1":"<words>"');
}
