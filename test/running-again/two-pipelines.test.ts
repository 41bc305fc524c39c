import { readDataset } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { type Item, item, operator, succeeded } from './operator.ts';

const TEN = Array.from({ length: 10 }, (_, index) => item(index, `2026-01-01T00:00:0${index}`));

test('two pipelines of one source, with one run id in one staging, make two datasets', async () => {
  await using job = await operator({ items: TEN });
  const { dataset } = succeeded(await job.extract('monday'));
  await job.change(TEN.slice(0, 5));
  const other = succeeded(await job.extract('monday', [], { name: 'other job' }));
  expect(other.dataset).not.toBe(dataset);
  expect(succeeded(await job.extract('monday')).dataset).toBe(dataset);
  const records = async (uri: string): Promise<Item[]> => (await Array.fromAsync(await readDataset(uri))).flat();
  expect(await records(dataset)).toEqual(TEN);
  expect(await records(other.dataset)).toEqual(TEN.slice(0, 5));
});
