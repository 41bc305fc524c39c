/** True if a name has special characters of globs. */
export function isGlob(name: string): boolean {
  return /[*?[\]{}]/.test(name);
}

/** Returns the text before the first special character of a glob. */
export function fixedPrefix(pattern: string): string {
  return /^[^*?[\]{}]*/.exec(pattern)![0];
}

/**
 * Converts a glob to a regular expression, for names that no file system matches for us: `*` and `?` within a segment,
 * `**` across segments, `[abc]`, `{a,b}`.
 */
export function globPattern(pattern: string): RegExp {
  let source = '';
  let braces = 0;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === '*' && pattern[at + 1] === '*') {
      const wholeSegments = pattern[at + 2] === '/';
      source += wholeSegments ? '(?:[^/]+/)*' : '.*';
      at += wholeSegments ? 2 : 1;
    } else if (character === '*') {
      source += '[^/]*';
    } else if (character === '?') {
      source += '[^/]';
    } else if (character === '[' && pattern.indexOf(']', at + 2) !== -1) {
      const end = pattern.indexOf(']', at + 2);
      source += `[${pattern
        .slice(at + 1, end)
        .replace(/^!/, '^')
        .replace(/[\\\]]/g, '\\$&')}]`;
      at = end;
    } else if (character === '{') {
      braces++;
      source += '(?:';
    } else if (character === '}' && braces > 0) {
      braces--;
      source += ')';
    } else if (character === ',' && braces > 0) {
      source += '|';
    } else {
      source += character.replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
    }
  }
  return new RegExp(`^${source}${')'.repeat(braces)}$`, 's');
}
