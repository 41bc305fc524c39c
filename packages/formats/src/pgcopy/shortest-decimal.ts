/**
 * Returns the shortest decimal that reads back as a double, as PostgreSQL chooses it: strictly between the midpoints to its neighbours.
 * JavaScript (with IEEE's ties to even) also accepts a midpoint itself: 1e23, where PostgreSQL has 9.999999999999999e22.
 * https://github.com/postgres/postgres/blob/master/src/common/d2s.c (STRICTLY_SHORTEST)
 */
export function shortestDouble(value: number): string {
  const shortest = value.toExponential();
  const size = Math.abs(value);
  // In this range a midpoint has more digits than the shortest text of a double. The tiniest doubles have few bits and need the search.
  if (size < 2 ** 52 && size >= 2 ** -1020) return shortest;
  if (size === 0) return shortest;
  const ends = endsOf(size, { bits: 53, least: -1074 });
  for (let digits = digitsIn(shortest) - 1; digits < 17; digits++) {
    const found = closestInside(value, digits, ends);
    if (found !== undefined) return found;
  }
  return shortest;
}

/** Returns the shortest decimal of a float of four bytes, in the same way. */
export function shortestSingle(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size < 2 ** 24 && Number.isInteger(size))) return value.toExponential();
  return plainly(value, size) ?? exactly(value, size);
}

const bits = new DataView(new ArrayBuffer(4));

/** Tries with doubles, which nearly always suffice. Returns undefined if the decimal is close to a midpoint or halfway between two. */
function plainly(value: number, size: number): string | undefined {
  bits.setFloat32(0, size);
  // For a power of two the lower midpoint is nearer, and for subnormal floats fewer digits may suffice.
  if (size < 2 ** -126 || (bits.getUint32(0) & 0x7fffff) === 0) return undefined;
  // Six digits distinguish all normal floats, so a six-digit text has no rival and can lose its zeros.
  for (let digits = 5; digits < 9; digits++) {
    const text = value.toExponential(digits);
    const off = Number(text) - value;
    if (Math.fround(value + off * 1.5) === value)
      return digits > 5 && isMiddle(value, digits) ? undefined : trimmed(text);
    if (Math.fround(value + off * 0.75) === value) return undefined;
  }
  return undefined;
}

/** Returns true if a float may lie halfway between two decimals with this many digits after the first. */
function isMiddle(value: number, digits: number): boolean {
  const longer = value.toExponential(digits + 1);
  return longer.charAt(longer.indexOf('e') - 1) === '5' && Number(longer) === value;
}

function exactly(value: number, size: number): string {
  const ends = endsOf(size, { bits: 24, least: -149 });
  for (let digits = 0; digits < 9; digits++) {
    const found = closestInside(value, digits, ends);
    if (found !== undefined) return found;
  }
  return value.toExponential();
}

/** A number as `mantissa × 2^exponent`. */
interface Binary {
  mantissa: bigint;
  exponent: number;
}

/** A float, and the midpoints to both neighbours. */
interface Ends {
  exact: Binary;
  low: Binary;
  high: Binary;
}

function endsOf(size: number, { bits, least }: { bits: number; least: number }): Ends {
  let exponent = Math.max(Math.floor(Math.log2(size)) - bits + 1, least);
  // log2 may be off by one at powers of two.
  while (size / 2 ** exponent >= 2 ** bits) exponent++;
  while (exponent > least && scaled(size, exponent) < 2 ** (bits - 1)) exponent--;
  const mantissa = BigInt(scaled(size, exponent));
  // Below a power of two, the neighbour is half as far away.
  const isPower = mantissa === 1n << BigInt(bits - 1) && exponent > least;
  return {
    exact: { mantissa, exponent },
    low: { mantissa: 4n * mantissa - (isPower ? 1n : 2n), exponent: exponent - 2 },
    high: { mantissa: 4n * mantissa + 2n, exponent: exponent - 2 },
  };
}

/** Divides by 2^exponent. Works even if a double cannot hold 2^-exponent. */
function scaled(size: number, exponent: number): number {
  return exponent < -1000 ? size * 2 ** 1000 * 2 ** (-exponent - 1000) : size / 2 ** exponent;
}

/** Finds the closest decimal with this many digits after the first that lies between the midpoints. Of two equally close, the even one. */
function closestInside(value: number, digits: number, { exact, low, high }: Ends): string | undefined {
  const text = value.toExponential(digits);
  const [shown, power] = text.split('e') as [string, string];
  const minus = shown.startsWith('-') ? '-' : '';
  const whole = BigInt(shown.replace(/[-.]/g, ''));
  // JavaScript rounds up from halfway.
  const isMiddle = compare(
    { digits: 2n * whole - 1n, power: Number(power) - digits },
    { ...exact, exponent: exact.exponent + 1 },
  );
  const closest = isMiddle === 0 && whole % 2n === 1n ? whole - 1n : whole;
  // If the lower midpoint is nearer than the upper one, the closest decimal may lie outside and the next one above inside.
  for (const candidate of [closest, closest + 1n]) {
    const decimal = { digits: candidate, power: Number(power) - digits };
    if (compare(decimal, low) <= 0 || compare(decimal, high) >= 0) continue;
    const figures = String(candidate);
    const exponent = Number(power) + figures.length - 1 - digits;
    const behind = figures.length === 1 ? '' : `.${figures.slice(1)}`;
    return trimmed(`${minus}${figures[0]}${behind}e${exponent < 0 ? '' : '+'}${exponent}`);
  }
  return undefined;
}

function compare(decimal: { digits: bigint; power: number }, binary: Binary): number {
  let [left, right] = [decimal.digits, binary.mantissa];
  if (decimal.power >= 0) left *= 10n ** BigInt(decimal.power);
  else right *= 10n ** BigInt(-decimal.power);
  if (binary.exponent >= 0) right *= 2n ** BigInt(binary.exponent);
  else left *= 2n ** BigInt(-binary.exponent);
  return left < right ? -1 : left > right ? 1 : 0;
}

function digitsIn(exponential: string): number {
  return exponential.slice(0, exponential.indexOf('e')).replace(/[-.]/g, '').length;
}

/** Removes zeros from the end of the digits. */
function trimmed(exponential: string): string {
  return exponential.replace(/(\.\d{0,400}?)0{1,400}e/, '$1e').replace('.e', 'e');
}
