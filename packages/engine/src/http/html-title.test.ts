import { expect, test } from 'vitest';
import { htmlTitle } from './html-title.ts';

test.each([
  ['<title>Log in</title>', 'Log in'],
  ['<!doctype html><HTML><TITLE lang="en">\n Log in </TITLE>', 'Log in'],
  ['<title>cut', 'cut'],
  ['<title></title>', undefined],
  ['<titles>x</titles>', undefined],
  ['<title'.repeat(100_000), undefined],
])('%.60s', (html, title) => {
  expect(htmlTitle(html)).toBe(title);
});
