import { discover } from '@aries-data/engine';
import { normaliser } from '@aries-data/formats/internal';
import { canonical, keyOf } from './compare.ts';
import { extracted, stagedRecords } from './reading.ts';
import { type Rule, type RuleContext, showRecord } from './rule.ts';

/** What a source says of its streams, and whether it is true. */
export const recordRules: Rule[] = [
  {
    id: 'source/discover-stable',
    role: 'source',
    title: 'Discover says the same twice',
    why: 'where streams change their order or types by chance, a run that is repeated is another run',
    async run(ctx) {
      const [first, second] = [await discover({ source: ctx.use }), await discover({ source: ctx.use })];
      for (const [index, stream] of first.streams.entries()) {
        const again = second.streams[index];
        if (JSON.stringify(stream) !== JSON.stringify(again))
          ctx.fail(`stream ${index + 1} was ${showRecord(stream as never)}, and then ${showRecord(again as never)}`);
      }
      if (first.streams.length !== second.streams.length)
        ctx.fail(`there were ${first.streams.length} streams, and then ${second.streams.length}`);
      if (first.streams.length === 0) ctx.fail('it has no stream with this config');
    },
  },
  {
    id: 'source/schema',
    role: 'source',
    title: 'Records match their schema',
    why: 'tables are made from the schema; a record that does not match it is rejected, and missing there',
    run: matchSchema,
  },
  {
    id: 'source/primary-key',
    role: 'source',
    title: 'Primary keys are there, and unique',
    why: 'a merge keeps one record of each key: of two with the same key one is lost',
    run: uniqueKeys,
  },
];

async function matchSchema(ctx: RuleContext): Promise<void> {
  const dataset = await extracted(ctx);
  let records = 0;
  for (const [name, stream] of Object.entries(dataset.manifest.streams)) {
    if (stream.firstRejected !== null) ctx.fail(`${name}: ${stream.firstRejected}`);
    const check = normaliser(stream.schema);
    for (const record of await stagedRecords(dataset, name)) {
      const before = canonical(record);
      const fitted = check.fit(record);
      if (typeof fitted === 'string') ctx.fail(`${name}: ${fitted}`, JSON.parse(before));
      records++;
    }
  }
  if (records === 0) ctx.fail('no stream has a record; set up some, for nothing can be seen without');
}

async function uniqueKeys(ctx: RuleContext): Promise<void> {
  const dataset = await extracted(ctx);
  const keyed = Object.entries(dataset.manifest.streams).filter(([, { primaryKey }]) => primaryKey.length > 0);
  if (keyed.length === 0) ctx.skip('no stream has a primary key');
  for (const [name, { primaryKey }] of keyed) {
    const seen = new Set<string>();
    for (const record of await stagedRecords(dataset, name)) {
      const empty = primaryKey.find((field) => record[field] === null || record[field] === undefined);
      if (empty !== undefined) ctx.fail(`${name}: a record has no "${empty}"`, record);
      const key = keyOf(record, primaryKey);
      if (seen.has(key)) ctx.fail(`${name}: two records have the key ${key}`, record);
      seen.add(key);
    }
  }
}
