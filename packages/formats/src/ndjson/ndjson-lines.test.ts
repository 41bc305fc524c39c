import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type LineGroup, type LineOptions, ndjsonLines } from './ndjson-lines.ts';

async function* inPieces(bytes: Buffer, ...cuts: number[]): AsyncGenerator<Buffer> {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < places.length; i++) yield bytes.subarray(places[i - 1], places[i]);
}

async function groupsOf(bytes: Buffer | string, options?: LineOptions, cuts: number[] = []): Promise<LineGroup[]> {
  return await Array.fromAsync(ndjsonLines(inPieces(Buffer.from(bytes), ...cuts), options));
}

/** All groups as one list of lines with their numbers, bad ones with their reason. */
function flat(groups: LineGroup[]): [number, string][] {
  return groups
    .flatMap(({ lines, numbers, bad }): [number, string][] => [
      ...lines.map((line, index): [number, string] => [numbers[index]!, line]),
      ...bad.map(({ line, reason }): [number, string] => [line, `bad: ${reason}`]),
    ])
    .sort(([a], [b]) => a - b);
}

test.each<[string, string | Buffer, [number, string][]]>([
  [
    'a final line without its line feed',
    '1\n2',
    [
      [1, '1'],
      [2, '2'],
    ],
  ],
  [
    'CRLF, blank lines and a byte order mark',
    '\ufeff1\r\n\r\n \t\n\n2\r\n',
    [
      [1, '1'],
      [5, '2'],
    ],
  ],
  ['nothing', '', []],
  ['only a byte order mark', '\ufeff', []],
  [
    'a byte order mark within',
    '1\n\ufeff2\n',
    [
      [1, '1'],
      [2, '\ufeff2'],
    ],
  ],
  [
    'what is no UTF-8',
    Buffer.from('1\nx\xffy\n\xc3\n2', 'latin1'),
    [
      [1, '1'],
      [2, 'bad: not UTF-8'],
      [3, 'bad: not UTF-8'],
      [4, '2'],
    ],
  ],
  [
    'a character cut in two by a line feed',
    Buffer.from([0xc3, 0x0a, 0xa9]),
    [
      [1, 'bad: not UTF-8'],
      [2, 'bad: not UTF-8'],
    ],
  ],
  [
    'lines that are too long',
    `1\n${'x'.repeat(51)}\n${'y'.repeat(50)}\n${'é'.repeat(26)}\n2`,
    [
      [1, '1'],
      [2, 'bad: longer than 50 bytes'],
      [3, 'y'.repeat(50)],
      [4, 'bad: longer than 50 bytes'],
      [5, '2'],
    ],
  ],
  [
    'a last line that is too long',
    `1\n${'x'.repeat(500)}`,
    [
      [1, '1'],
      [2, 'bad: longer than 50 bytes'],
    ],
  ],
])('%s', async (_, bytes, lines) => {
  for (const groupBytes of [1, 10, 1000]) {
    for (const cuts of [[], [1], [3, 4, 60]]) {
      const groups = await groupsOf(bytes, { maxLineBytes: 50, groupBytes }, cuts);
      expect(flat(groups)).toEqual(lines);
      if (groups.length > 0) expect(groups.at(-1)!.offset).toBe(Buffer.from(bytes).length);
    }
  }
});

const bytes = fc
  .array(fc.constantFrom('\n', '\r\n', 'a', '{"a":1}', 'é', '\u{1F600}', ' ', '\xff', 'x'.repeat(47), 'x'.repeat(50)), {
    maxLength: 30,
  })
  .map((pieces) => Buffer.concat(pieces.map((piece) => Buffer.from(piece, piece === '\xff' ? 'latin1' : 'utf8'))));

test('groups do not depend on where bytes are cut, and reading resumes after any of them', async () => {
  await fc.assert(
    fc.asyncProperty(
      bytes,
      fc.array(fc.nat(300), { maxLength: 4 }),
      fc.integer({ min: 1, max: 40 }),
      async (file, cuts, groupBytes) => {
        const options = { maxLineBytes: 50, groupBytes };
        const groups = await groupsOf(file, options, cuts);
        const whole = flat(await groupsOf(file, { maxLineBytes: 50 }));
        expect(flat(groups)).toEqual(whole);
        let lines = 1;
        for (const [index, group] of groups.entries()) {
          expect(group.firstLine).toBe(lines);
          lines = group.nextLine;
          const rest = await groupsOf(file.subarray(group.offset), {
            ...options,
            from: { offset: group.offset, line: group.nextLine },
          });
          expect(flat([...groups.slice(0, index + 1), ...rest])).toEqual(whole);
          if (rest.length > 0) expect(rest.at(-1)!.offset).toBe(file.length);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a line of hundreds of megabytes is reported, and reading continues', async () => {
  async function* body() {
    yield Buffer.from('{"a":1}\n{"b":"');
    const piece = Buffer.alloc(1024 * 1024, 'x');
    for (let i = 0; i < 300; i++) yield piece;
    yield Buffer.from('"}\n{"c":3}\n');
  }
  const groups = await Array.fromAsync(ndjsonLines(body()));
  expect(flat(groups)).toEqual([
    [1, '{"a":1}'],
    [2, 'bad: longer than 67108864 bytes'],
    [3, '{"c":3}'],
  ]);
  expect(groups.flatMap(({ bad }) => bad)[0]!.text).toMatch(/^\{"b":"x{900,1000}$/);
  expect(groups.at(-1)!.offset).toBe(300 * 1024 * 1024 + 25);
});
