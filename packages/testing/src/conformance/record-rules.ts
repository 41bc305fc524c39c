import { discover } from '@aries-data/engine';
import { normaliser } from '@aries-data/formats/internal';
import { canonical, keyOf } from './compare.ts';
import { extracted, stagedRecords } from './reading.ts';
import { type Rule, type RuleContext, showRecord } from './rule.ts';

/** Rules about the streams that a source declares. */
export const recordRules: Rule[] = [
  {
    id: 'source/discover-stable',
    role: 'source',
    title: 'Discover returns the same result twice',
    why: 'if streams change their order or types by chance, a repeated run is a different run',
    async run(ctx) {
      const [first, second] = [await discover({ source: ctx.use }), await discover({ source: ctx.use })];
      for (const [index, stream] of first.streams.entries()) {
        const again = second.streams[index];
        if (JSON.stringify(stream) !== JSON.stringify(again))
          ctx.fail(
            `stream ${index + 1} was ${showRecord(stream as never)} first and ${showRecord(again as never)} then`,
          );
      }
      if (first.streams.length !== second.streams.length)
        ctx.fail(`there were ${first.streams.length} streams first and ${second.streams.length} then`);
      if (first.streams.length === 0) ctx.fail('it has no streams with this config');
    },
  },
  {
    id: 'source/schema',
    role: 'source',
    title: 'Records match their schema',
    why: 'tables are created from the schema; a record that does not match it is rejected and missing there',
    run: matchSchema,
  },
  {
    id: 'source/primary-key',
    role: 'source',
    title: 'Primary keys are present and unique',
    why: 'a merge keeps one record for each key: of two with the same key, one is lost',
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
      const normalised = check.normalise(record);
      if (typeof normalised === 'string') ctx.fail(`${name}: ${normalised}`, JSON.parse(before));
      records++;
    }
  }
  if (records === 0) ctx.fail('no stream has any records; the rule needs some in the setup');
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
