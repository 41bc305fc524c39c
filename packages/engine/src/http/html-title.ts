/** The title is in the head of a page; nothing after this is searched. */
const HEAD_CHARACTERS = 64 * 1024;

/**
 * Returns the title of a web page, or undefined if it has none.
 *
 * @example
 * htmlTitle('<!doctype html><title lang="en">Log in</title>'); // 'Log in'
 */
export function htmlTitle(html: string): string | undefined {
  const head = html.slice(0, HEAD_CHARACTERS);
  const tag = head.search(/<title[\s>]/i);
  const start = tag < 0 ? -1 : head.indexOf('>', tag);
  if (start < 0) return undefined;
  const end = head.indexOf('<', start);
  const title = head.slice(start + 1, end < 0 ? undefined : end).trim();
  return title === '' ? undefined : title;
}
