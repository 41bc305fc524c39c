import { defineSource } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { withOptions } from './options-table.ts';

const source = defineSource({
  config: z.object({
    url: z.url().describe('Where | it is.'),
    token: z.string().optional().meta({ secret: true }).describe('A token.'),
    pages: z.object({ size: z.int().default(100).describe('Records per page.') }).optional(),
    modes: z.array(z.enum(['a', 'b'])).default([]),
  }),
  streams: () => ({}),
});

test("the table replaces the text between a role's marks", () => {
  const readme = '# x\n<!-- options source -->\nold\n<!-- /options source -->\nrest';
  const after = withOptions(readme, { source, helper: () => {} });
  expect(after).toMatchInlineSnapshot(`
    "# x
    <!-- options source -->
    | option | type | default | meaning |
    |---|---|---|---|
    | \`url\` | string | required | Where \\| it is. |
    | \`token\` | string |  | A token. (secret) |
    | \`pages\` | object |  |  |
    | \`pages.size\` | integer | \`100\` | Records per page. |
    | \`modes\` | list of \`a\`, \`b\` | \`[]\` |  |
    <!-- /options source -->
    rest"
  `);
  expect(withOptions(after, { source })).toBe(after);
});

test('a README without marks is refused with a hint', () => {
  expect(() => withOptions('# x', { source })).toThrow('The README has no place for the options of "source"');
});
