import fc from 'fast-check';
import iconv from 'iconv-lite';
import { expect, test } from 'vitest';
import { type Encoding, shown, TextReader } from './text.ts';

function decode(chunks: Uint8Array[], encoding: Encoding): { text: string; sawInvalid: boolean } {
  const reader = new TextReader(encoding);
  const text = chunks.map((chunk) => reader.write(chunk)).join('') + reader.end();
  return { text, sawInvalid: reader.sawInvalid };
}

function cut(bytes: Buffer, places: number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

test.each([
  ['utf-8', (text: string) => Buffer.from(text)],
  ['utf-16le', (text: string) => Buffer.from(text, 'utf16le')],
] as const)('%s survives cuts at any byte', (encoding, encode) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.nat(), { maxLength: 5 }), (text, places) => {
      // A byte order mark at the start is not part of the text.
      expect(decode(cut(encode(`\u{feff}${text}`), places), encoding)).toEqual({ text, sawInvalid: false });
    }),
  );
});

test.each<[Encoding, string]>([
  ['windows-1251', 'Привет, мир'],
  ['windows-1252', '€ “é”'],
  ['windows-1250', 'Żółć'],
  ['iso-8859-15', '€ œ'],
  ['koi8-r', 'Привет'],
  ['cp850', 'é ½'],
  ['gbk', '中文, 字符'],
  ['gb18030', '中文 😀'],
  ['big5', '中文字'],
  ['shift_jis', '日本語ﾃｽﾄ ソ'],
  ['euc-jp', '日本語'],
  ['euc-kr', '한국어'],
  ['utf-16be', 'é 😀'],
])('%s is read, wherever it is cut', (encoding, text) => {
  const bytes = iconv.encode(`${text}\n`.repeat(3), encoding);
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 5 }), (places) => {
      expect(decode(cut(bytes, places), encoding)).toEqual({ text: `${text}\n`.repeat(3), sawInvalid: false });
    }),
    { numRuns: 30 },
  );
});

test.each<[Encoding, number[]]>([
  ['windows-1252', [0x81]],
  ['windows-1253', [0xaa]],
  ['gbk', [0xff]],
  ['shift_jis', [0x81, 0x0a]],
  ['euc-kr', [0xff]],
  ['gbk', [0x81]],
])('%s: bytes %j are invalid', (encoding, bytes) => {
  const { text, sawInvalid } = decode([Buffer.from([0x61, ...bytes])], encoding);
  expect({ text: shown(text).trimEnd(), sawInvalid }).toEqual({ text: 'a\u{fffd}', sawInvalid: true });
});

test('invalid UTF-8 is marked, but a real U+FFFD is not', () => {
  const bytes = Buffer.concat([Buffer.from('a\u{fffd}b'), Buffer.from([0xe9]), Buffer.from('c')]);
  const { text, sawInvalid } = decode([bytes], 'utf-8');
  expect(sawInvalid).toBe(true);
  expect(text).not.toBe('a\u{fffd}b\u{fffd}c');
  expect(shown(text)).toBe('a\u{fffd}b\u{fffd}c');
});

test.each<[Encoding, number[]]>([
  ['utf-8', [0x61, 0xe2, 0x82]],
  ['utf-16le', [0x61, 0x00, 0x3d, 0xd8]],
  ['utf-16le', [0x61, 0x00, 0x62]],
])('a character that is cut off at the end is invalid: %s', (encoding, bytes) => {
  const { text, sawInvalid } = decode([Buffer.from(bytes)], encoding);
  expect({ text: shown(text), sawInvalid }).toEqual({ text: 'a\u{fffd}', sawInvalid: true });
});

test('half of a surrogate pair in UTF-16 is invalid', () => {
  expect(shown(decode([Buffer.from('a\u{d800}b', 'utf16le')], 'utf-16le').text)).toBe('a\u{fffd}b');
});

test('latin1 and windows-1252 differ from 0x80 to 0x9f', () => {
  const bytes = Buffer.from([0x41, 0x80, 0x93, 0xe9]);
  expect(decode([bytes], 'latin1').text).toBe('A\x80\x93é');
  expect(decode([bytes], 'windows-1252').text).toBe('A€“é');
});
