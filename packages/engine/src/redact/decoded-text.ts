/** A decoded text, and the origin of each of its characters. */
export interface DecodedText {
  text: string;
  /** Offset of each character, and of the end, in the original text. Undefined if they are the same. */
  from?: Uint32Array;
}

/** How many nested encodings are decoded, such as JSON in a JSON string. */
const LEVELS = 2;

/** Yields the text itself, then its forms with percent-encoding and JSON escapes decoded, in any order, up to two levels. */
export function* decodedTexts(text: string): Generator<DecodedText> {
  yield* below({ text }, LEVELS);
}

function* below(decoded: DecodedText, levels: number): Generator<DecodedText> {
  yield decoded;
  if (levels === 0) return;
  const { text } = decoded;
  if (text.includes('%')) yield* below(decode(decoded, percent), levels - 1);
  // A plus is a space in a form, and a plus in a path.
  if (text.includes('+')) yield* below(decode(decoded, form), levels - 1);
  if (text.includes('\\')) yield* below(decode(decoded, jsonEscape), levels - 1);
}

/** Decodes the text at an offset. `length` is the number of encoded characters. Returns undefined if nothing is encoded there. */
type Decoder = (text: string, at: number) => { decoded: string; length: number } | undefined;

function decode({ text, from }: DecodedText, decoder: Decoder): DecodedText {
  const pieces: string[] = [];
  const places = new Uint32Array(text.length + 1);
  let count = 0;
  let copied = 0;
  for (let at = 0; at < text.length; ) {
    const found = decoder(text, at);
    if (found === undefined) {
      places[count++] = from?.[at] ?? at;
      at++;
      continue;
    }
    pieces.push(text.slice(copied, at), found.decoded);
    for (let index = 0; index < found.decoded.length; index++) places[count++] = from?.[at] ?? at;
    at += found.length;
    copied = at;
  }
  places[count++] = from?.[text.length] ?? text.length;
  pieces.push(text.slice(copied));
  return { text: pieces.join(''), from: places.subarray(0, count) };
}

function percent(text: string, at: number): ReturnType<Decoder> {
  if (text.charCodeAt(at) !== 0x25) return undefined;
  const first = byteAt(text, at);
  if (first === undefined) return undefined;
  if (first < 0x80) return { decoded: String.fromCharCode(first), length: 3 };
  // A character of several UTF-8 bytes.
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const bytes = [first];
  while (bytes.length < length) {
    const byte = byteAt(text, at + bytes.length * 3);
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return { decoded: Buffer.from(bytes).toString(), length: length * 3 };
}

function byteAt(text: string, at: number): number | undefined {
  if (text.charCodeAt(at) !== 0x25) return undefined;
  const [high, low] = [hexDigit(text.charCodeAt(at + 1)), hexDigit(text.charCodeAt(at + 2))];
  return high < 0 || low < 0 ? undefined : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function form(text: string, at: number): ReturnType<Decoder> {
  return text.charCodeAt(at) === 0x2b ? { decoded: ' ', length: 1 } : percent(text, at);
}

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', '"': '"', '\\': '\\', '/': '/' };

function jsonEscape(text: string, at: number): ReturnType<Decoder> {
  if (text.charCodeAt(at) !== 0x5c) return undefined;
  const escaped = text[at + 1];
  if (escaped === 'u') {
    const digits = text.slice(at + 2, at + 6);
    return /^[0-9a-f]{4}$/i.test(digits)
      ? { decoded: String.fromCharCode(Number.parseInt(digits, 16)), length: 6 }
      : undefined;
  }
  const decoded = escaped === undefined ? undefined : ESCAPES[escaped];
  return decoded === undefined ? undefined : { decoded, length: 2 };
}
