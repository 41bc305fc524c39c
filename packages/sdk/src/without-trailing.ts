/**
 * Removes certain characters from the end of a text. The obvious expression (`/0+$/`) starts again at each of the characters, which
 * takes a minute for a hundred thousand of them.
 *
 * @example
 * withoutTrailing('1.500', '0'); // '1.5'
 */
export function withoutTrailing(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}
