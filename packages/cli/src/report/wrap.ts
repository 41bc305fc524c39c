/** Characters after which a long word, such as a path or a type, is best broken. */
const JOINTS = /[/.,:;|_@#=-]/;

/** Breaks a text into lines of at most `width` characters: between words, else within a word, after punctuation if it has any. */
export function wrap(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (joined.length <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = breakWord(word, width);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1)!;
  }
  return [...lines, line];
}

function breakWord(word: string, width: number): string[] {
  const pieces: string[] = [];
  let rest = word;
  while (rest.length > width) {
    const head = rest.slice(0, width);
    const joint = [...head].findLastIndex((character) => JOINTS.test(character)) + 1;
    // A joint near the beginning would waste most of the line.
    const at = joint > width / 2 ? joint : wholeCharacters(head);
    pieces.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  return [...pieces, rest];
}

/** Returns where to break so that no character of two code units is torn apart. */
function wholeCharacters(head: string): number {
  return head.isWellFormed() || head.length === 1 ? head.length : head.length - 1;
}
