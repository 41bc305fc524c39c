import { defineTransform } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { groupTransforms } from './pipeline.ts';

type Use = Parameters<typeof groupTransforms>[0][number];

const transforms = {
  batch: defineTransform({ config: z.object({}), map: (record) => record }),
  dataset: defineTransform({
    config: z.object({}),
    scope: 'dataset',
    schema: (input) => input,
    async *apply(batches) {
      for await (const batch of batches) yield [...batch];
    },
  }),
};
const use = (connector: string, scope: keyof typeof transforms, name?: string): Use => ({
  connector: { name: connector, version: '1.0.0', transform: transforms[scope] },
  config: {},
  name,
});

const select = use('select', 'batch');
const filter = use('filter', 'batch');
const dedupe = use('dedupe', 'dataset');
const sort = use('sort', 'dataset');

/** Lists the steps with the transforms that run in each. */
function grouped(...uses: Use[]): string[] {
  const { fused, groups } = groupTransforms(uses);
  const names = (all: Use[]) => all.map(({ connector }) => connector.name).join(' ');
  return [
    `extract: ${names(fused)}`,
    ...groups.map(({ name, whole, after }) => `${name}: ${names([whole, ...after])}`),
  ];
}

test.each<[string, Use[], string[]]>([
  ['none', [], ['extract: ']],
  ['of batches all run in the extract', [select, filter], ['extract: select filter']],
  ['of datasets are separate steps', [dedupe], ['extract: ', 'dedupe: dedupe']],
  ['of batches run in the step before them', [select, dedupe, filter], ['extract: select', 'dedupe: dedupe filter']],
  ['of datasets, two: two steps', [dedupe, sort, filter], ['extract: ', 'dedupe: dedupe', 'sort: sort filter']],
  [
    'with the same name are numbered',
    [dedupe, dedupe, dedupe],
    ['extract: ', 'dedupe: dedupe', 'dedupe-2: dedupe', 'dedupe-3: dedupe'],
  ],
  ['with a name give it to their step', [use('dedupe', 'dataset', 'newest')], ['extract: ', 'newest: dedupe']],
])('transforms %s', (_, uses, expected) => {
  expect(grouped(...uses)).toEqual(expected);
});
