/** Compares by code point, as file systems and S3 do. JavaScript compares UTF-16 code units, which differs after U+D7FF. */
export function compareNames(a: string, b: string): number {
  if (PAST_D7FF.test(a) && PAST_D7FF.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

const PAST_D7FF = /[\ud800-\uffff]/;
