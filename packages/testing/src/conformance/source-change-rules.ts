import { moveState, type SelectedStream } from '@aries-data/engine/internal';
import { normaliser, withNull } from '@aries-data/formats/internal';
import type { Change, Json, JsonRecord, ReadItem } from '@aries-data/sdk';
import { changesOf, isCheckpoint, isDeleted, isRejected, keysOf } from '@aries-data/sdk/internal';
import { memoryStaging } from '@aries-data/stores';
import { z } from 'zod';
import { applyRows } from './applied-changes.ts';
import { difference } from './compare.ts';
import { extracted, openSource, readItems, stagedRecords, stagedRows } from './reading.ts';
import type { Rule, RuleContext } from './rule.ts';
import { startOf } from './start-of.ts';

/** Rules about streams that say which records are gone. */
export const sourceChangeRules: Rule[] = [
  {
    id: 'source/deleted-keys',
    role: 'source',
    title: 'Deleted keys are complete, and hold nothing else',
    why: 'a load finds the row to delete by its key: a part of one, or one of another type, finds none or another row',
    run: completeKeys,
  },
  {
    id: 'source/changes',
    role: 'source',
    title: 'Changes add up to a full read',
    why: 'a deletion that is missed stays in the target, and one that comes too late deletes a record that is there again',
    run: addUp,
  },
];

async function withChanges(ctx: RuleContext) {
  const opened = await openSource(ctx);
  const streams = opened.streams.filter(({ stream }) => stream.changes === true);
  if (streams.length === 0) ctx.skip('no stream says which records are gone');
  return { opened, streams };
}

async function completeKeys(ctx: RuleContext): Promise<void> {
  const { opened, streams } = await withChanges(ctx);
  const starts = new Map<SelectedStream, Json | undefined>();
  for (const selected of streams) starts.set(selected, await startOf(opened, selected));
  const { mutate, steps = 3 } = ctx.suite;
  for (let step = 1; mutate !== undefined && step <= steps; step++) await ctx.mutate(step);
  let deletions = 0;
  for (const [selected, position] of starts) {
    const check = itemChecker(ctx, selected);
    for await (const item of readItems(opened, selected, { mode: 'incremental', position })) {
      check(item);
      if (isDeleted(item) || hasGone(item)) deletions++;
    }
  }
  if (deletions === 0)
    ctx.fail('no stream said that a record is gone; let setup or mutate(step) of the suite delete some');
}

function hasGone(item: ReadItem): boolean {
  if (!Array.isArray(item)) return false;
  const changes = changesOf(item);
  return changes !== undefined && item.some((_, index) => changes(index)?.gone !== undefined);
}

/** Makes a function that fails for a deleted key, or what is said about a change, that is not as declared. */
function itemChecker(ctx: RuleContext, selected: SelectedStream): (item: ReadItem) => void {
  const { as: name, primaryKey, cursor, schema } = selected;
  const fields = cursor === undefined || primaryKey.includes(cursor) ? primaryKey : [...primaryKey, cursor];
  const properties = fields.flatMap((field) => {
    const type = schema?.properties[field];
    return type === undefined ? [] : [[field, primaryKey.includes(field) ? type : withNull(type, true)] as const];
  });
  const types = normaliser({ type: 'object', properties: Object.fromEntries(properties), required: [...primaryKey] });

  function checkKey(key: JsonRecord): void {
    const missing = primaryKey.find((field) => key[field] === undefined || key[field] === null);
    if (missing !== undefined) ctx.fail(`${name}: a deleted key has no "${missing}"`, key);
    const other = Object.keys(key).find((field) => !fields.includes(field));
    if (other !== undefined)
      ctx.fail(`${name}: a deleted key has "${other}", which is neither in the primary key nor the cursor`, key);
    const reason = schema === null ? undefined : types.normalise({ ...key });
    if (typeof reason === 'string') ctx.fail(`${name}: a deleted key: ${reason}`, key);
  }

  function checkTime(at: string | undefined): void {
    if (at !== undefined && !z.iso.datetime({ offset: true }).safeParse(at).success)
      ctx.fail(`${name}: the time of a change is ${JSON.stringify(at)}, which is not a date-time with a zone`);
  }

  function checkChange({ at, unsent = [] }: Change, record: JsonRecord): void {
    checkTime(at);
    const key = unsent.find((field) => primaryKey.includes(field));
    if (key !== undefined) ctx.fail(`${name}: "${key}" of the primary key is said to be unsent`, record);
    const unknown = unsent.find((field) => schema !== null && !Object.hasOwn(schema.properties, field));
    if (unknown !== undefined) ctx.fail(`${name}: "${unknown}" is said to be unsent, and is not in the schema`, record);
  }

  return (item) => {
    if (isCheckpoint(item) || isRejected(item)) return;
    if (isDeleted(item)) {
      checkTime(item.at);
      const keys = keysOf(item);
      if (keys !== 'all') for (const key of keys) checkKey(key as JsonRecord);
      return;
    }
    const records = item as readonly JsonRecord[];
    const changes = changesOf(records);
    for (const [index, record] of records.entries()) {
      const change = changes?.(index) ?? {};
      checkChange(change, record);
      if (change.gone !== undefined) checkKey(record);
    }
  };
}

async function addUp(ctx: RuleContext): Promise<void> {
  const { streams: all } = await withChanges(ctx);
  const streams = all.filter(({ stream, cursor }) => cursor !== undefined || stream.firstRead === 'snapshot');
  if (streams.length === 0) ctx.skip('no stream with changes can be read in full');
  const { mutate, steps = 3 } = ctx.suite;
  if (mutate === undefined) ctx.skip('the suite has no mutate(step), so nothing changes');
  const wanted = streams.map(({ options, cursor }) =>
    cursor === undefined ? options : { ...options, mode: 'incremental' as const },
  );
  const staging = memoryStaging();
  const held = new Map(streams.map(({ as }) => [as, new Map<string, JsonRecord>()]));
  for (let step = 0; step <= steps; step++) {
    if (step > 0) await ctx.mutate(step);
    const dataset = await extracted(ctx, { staging, streams: wanted });
    for (const { as: name } of streams) {
      const { mode, primaryKey } = dataset.manifest.streams[name]!;
      const rows = await stagedRows(dataset, name);
      // A first read of a snapshot yields plain records.
      applyRows(held.get(name)!, mode === 'full' ? rows.map((row) => ({ ...row, _aries_op: 'u' })) : rows, primaryKey);
    }
    await moveState(staging, 'conformance', async () =>
      Object.fromEntries(Object.entries(dataset.manifest.streams).map(([name, { stateAfter }]) => [name, stateAfter])),
    );
  }
  const full = await extracted(ctx, { streams: wanted, fullRefresh: true });
  for (const { as: name } of streams) {
    const found = difference(await stagedRecords(full, name), [...held.get(name)!.values()]);
    if (found?.only === 'first') ctx.fail(`${name}: the changes lack a record that a full read returns`, found.record);
    if (found?.only === 'second')
      ctx.fail(`${name}: the changes leave a record that a full read does not return`, found.record);
  }
}
