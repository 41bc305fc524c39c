/** Hostile replacements for a value. `canary` stands for things that must not be reached or shown. */
export const HOSTILE: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e300, -1e300, 2 ** 53, 7],
  ...['', ' ', 'x', 'null', '0', '-1', 'NaN', '1e999'],
  ...[
    "'; DROP TABLE canary; --",
    '1)); DROP TABLE canary; --',
    '9,2) DEFAULT 1, x numeric(9',
    '"; SELECT * FROM canary; --',
  ],
  ...['interval day check (true) unique', 'text default current_user', "x' OR '1'='1"],
  ...[
    '../../../canary',
    '/etc/hostname',
    '..',
    'a/../../b',
    'file:///etc/hostname',
    's3://bucket/x?endpoint=http://127.0.0.1:9',
    'C:\\x',
  ],
  ...['__proto__', 'constructor', 'toString', '${env:CANARY}', '%s%n%x', '{{7*7}}', '$(id)', '`id`'],
  ...['a\0b', '\u001b[2J\r\n', '\u202ereversed', '\ud800', 'x'.repeat(20_000)],
  ...[[], {}, [null], [[]], ['../x'], { x: 1 }, [1, 2, 3]],
  JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
  JSON.parse(`${'['.repeat(300)}${']'.repeat(300)}`),
];

/** Every place in a document, found by walking it. */
export function placesIn(value: unknown, place: readonly string[] = []): string[][] {
  const here = place.length === 0 ? [] : [[...place]];
  if (typeof value !== 'object' || value === null) return here;
  return [...here, ...Object.entries(value).flatMap(([name, member]) => placesIn(member, [...place, name]))];
}

/** The document with another value in one place; without the place where that is undefined. */
export function withValue<Document>(document: Document, place: readonly string[], value: unknown): Document {
  const copy = structuredClone(document);
  const parent = place.slice(0, -1).reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], copy);
  const name = place.at(-1)!;
  if (value === undefined) delete (parent as Record<string, unknown>)[name];
  else Object.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true });
  return copy;
}
