const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const SPACE = /[ \t]*/y;

/**
 * Returns the target of the first link with a relation in a `Link` header (RFC 8288, 3), as written there, or undefined.
 *
 * @example
 * linkOf('<https://api.example/issues?page=2>; rel="next"', 'next'); // 'https://api.example/issues?page=2'
 */
export function linkOf(header: string, relation: string): string | undefined {
  for (const { target, relations } of linksIn(header)) if (relations.includes(relation)) return target;
  return undefined;
}

/** Yields the links of a header, up to the first syntax error. Relations are in lower case, as case is ignored (RFC 8288, 2.1.1). */
function* linksIn(header: string): Generator<{ target: string; relations: string[] }> {
  let at = 0;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const [text = ''] = pattern.exec(header) ?? [];
    at += text.length;
    return text;
  };
  while (at < header.length) {
    take(/[ \t,]*/y);
    const target = take(/<[^>]*>/y);
    if (target === '') return;
    let relations: string[] | undefined;
    for (take(SPACE); header[at] === ';'; take(SPACE)) {
      at++;
      take(SPACE);
      const name = take(TOKEN).toLowerCase();
      take(SPACE);
      let value = '';
      if (header[at] === '=') {
        at++;
        take(SPACE);
        value = header[at] === '"' ? unquoted(take(/"(?:[^"\\]|\\.)*"?/y)) : take(/[^;,\s]*/y);
      }
      // Only the first of several counts (RFC 8288, 3.3).
      if (name === 'rel') relations ??= value.toLowerCase().split(/[ \t]+/);
    }
    yield { target: target.slice(1, -1).trim(), relations: relations ?? [] };
    if (at < header.length && header[at] !== ',') return;
  }
}

function unquoted(text: string): string {
  return text.slice(1, text.endsWith('"') ? -1 : undefined).replace(/\\(.)/g, '$1');
}
