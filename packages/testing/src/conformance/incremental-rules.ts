import { cursorKindOf, moveState, type SelectedStream } from '@aries-data/engine/internal';
import { cursorOrder, cursorText } from '@aries-data/formats/internal';
import type { JsonRecord } from '@aries-data/sdk';
import { memoryStaging } from '@aries-data/stores';
import { applyRows } from './applied-changes.ts';
import { difference, keyOf } from './compare.ts';
import { extracted, lanesOf, openSource, readRaw, recordsOf, stagedRecords, stagedRows } from './reading.ts';
import type { Rule, RuleContext } from './rule.ts';

/** Rules that incremental reads rely on. */
export const incrementalRules: Rule[] = [
  {
    id: 'source/cursor',
    role: 'source',
    title: 'Windows and state agree with the cursor',
    why: 'a record that a window misses is never read again, and a state that is too high skips records',
    run: trueCursor,
  },
  {
    id: 'source/incremental',
    role: 'source',
    title: 'Incremental reads add up to a full read',
    why: 'most data is moved by incremental reads, and a record that they miss goes unnoticed',
    run: stepByStep,
  },
];

async function withCursor(ctx: RuleContext) {
  const opened = await openSource(ctx);
  const streams = opened.streams.filter(({ cursor, options }) => cursor !== undefined && options.mode !== 'full');
  if (streams.length === 0) ctx.skip('no stream has a cursor');
  return { opened, streams };
}

async function trueCursor(ctx: RuleContext): Promise<void> {
  const { opened, streams } = await withCursor(ctx);
  const dataset = await extracted(ctx);
  for (const selected of streams) {
    const { as: name, schema, cursor = '', stream } = selected;
    const order = cursorOrder(cursorKindOf(dataset.manifest.streams[name]?.schema ?? schema, cursor));
    const textOf = (record: JsonRecord) => cursorText(record[cursor]);
    const staged = await stagedRows(dataset, name);
    const values = staged.flatMap((record) => textOf(record) ?? []).sort(order);
    const greatest = values.at(-1);
    if (greatest === undefined) continue;

    const after = dataset.manifest.streams[name]!.stateAfter;
    const state = after !== null && 'cursor' in after ? after.cursor : undefined;
    const beyond = staged.find((record) => state !== undefined && order(textOf(record) ?? state, state) > 0);
    if (state === undefined || beyond !== undefined)
      ctx.fail(`${name}: the state is ${state ?? 'missing'}, but a record is beyond it`, beyond);
    if (order(state, greatest) > 0)
      ctx.fail(`${name}: the state is ${state}, but the greatest "${cursor}" of any record is ${greatest}`);

    const [since, until] = [values[Math.floor(values.length / 3)]!, values[Math.floor((values.length * 2) / 3)]!];
    for (const lane of lanesOf(selected)) {
      const all = (await recordsOf(readRaw(opened, selected, { lane }))).filter((record) => textOf(record) !== null);
      const from = (record: JsonRecord) => order(textOf(record)!, since) >= 0;
      const asked = [
        { window: { since }, mode: 'incremental' as const, lies: from },
        {
          window: { since, until },
          mode: 'interval' as const,
          lies: (record: JsonRecord) => from(record) && order(textOf(record)!, until) < 0,
        },
      ];
      for (const { window, mode, lies } of asked) {
        const raw = await recordsOf(readRaw(opened, selected, { lane, window, mode }));
        const given = raw.filter((record) => textOf(record) !== null);
        const what = `${name}: a read of ${JSON.stringify(window)}`;
        const found = difference(all.filter(lies), given.filter(lies));
        if (found?.only === 'first') ctx.fail(`${what} misses a record`, found.record);
        if (found?.only === 'second')
          ctx.fail(`${what} returns a record that a full read does not return`, found.record);
        // The engine drops records outside the window, but cannot look into encoded parts.
        const outside = given.find((record) => !lies(record));
        if (lane === 'encoded' && stream.readEncoded !== undefined && outside !== undefined)
          ctx.fail(`${what} returns encoded parts with a record outside it`, outside);
      }
    }
  }
}

async function stepByStep(ctx: RuleContext): Promise<void> {
  const { suite } = ctx;
  const { streams } = await withCursor(ctx);
  if (suite.mutate === undefined) ctx.skip('the suite has no mutate(step), so nothing changes');
  const staging = memoryStaging();
  const wanted = streams.map(({ options }) => ({ ...options, mode: 'incremental' as const }));
  const held = new Map(streams.map(({ as }) => [as, new Map<string, JsonRecord>()]));
  const steps = suite.steps ?? 3;
  for (let step = 0; step <= steps; step++) {
    if (step > 0) await ctx.mutate(step);
    const dataset = await extracted(ctx, { staging, streams: wanted });
    let records = 0;
    for (const selected of streams) {
      const rows = await stagedRows(dataset, selected.as);
      const { changes } = dataset.manifest.streams[selected.as]!;
      records += rows.length;
      if (changes === true) applyRows(held.get(selected.as)!, rows, selected.primaryKey);
      else for (const record of rows) keep(held.get(selected.as)!, record, selected);
    }
    if (records === 0 && step > 0) ctx.fail(`after mutate(${step}) an incremental read returns no records`);
    await moveState(staging, 'conformance', async () =>
      Object.fromEntries(Object.entries(dataset.manifest.streams).map(([name, { stateAfter }]) => [name, stateAfter])),
    );
  }
  const full = await extracted(ctx, { streams: wanted, fullRefresh: true });
  for (const { as: name } of streams) {
    const found = difference(await stagedRecords(full, name), [...held.get(name)!.values()]);
    if (found?.only === 'first') ctx.fail(`${name}: ${steps + 1} incremental reads missed a record`, found.record);
    if (found?.only === 'second')
      ctx.fail(`${name}: incremental reads return a record that a full read does not return`, found.record);
  }
}

/** Adds or replaces a record as a merge would; without a key, every record is added. */
function keep(held: Map<string, JsonRecord>, record: JsonRecord, { primaryKey }: SelectedStream): void {
  held.set(primaryKey.length === 0 ? String(held.size) : keyOf(record, primaryKey), record);
}
