import { positionOf, type SelectedStream } from '@aries-data/engine/internal';
import type { Change, Json, JsonRecord } from '@aries-data/sdk';
import { changesOf, isCheckpoint, isDeleted, isRejected, keysOf } from '@aries-data/sdk/internal';
import { difference } from './compare.ts';
import { type OpenedSource, openSource, rawContext, readItems } from './reading.ts';
import { type Rule, type RuleContext, showRecord } from './rule.ts';
import { startOf } from './start-of.ts';

/** Rules about streams whose state is a position. */
export const positionRules: Rule[] = [
  {
    id: 'source/positions',
    role: 'source',
    title: 'A read ends with a checkpoint, and each one leads to exactly the rest',
    why: 'the next run goes on after the last checkpoint: what comes behind it is lost, and a wrong one loses or repeats changes',
    run: exactPositions,
  },
  {
    id: 'source/letting-go',
    role: 'source',
    title: 'A source keeps what the target does not hold yet',
    why: 'a run may fail between reading and the commit; what the source has let go of by then exists nowhere',
    run: letsGoInTime,
  },
];

// Each one is another read, so only this many checkpoints are tried, spread over all of them.
const MOST_POSITIONS = 12;

interface Read {
  /** Records and deleted keys, in order, in a form that can be compared. */
  changes: JsonRecord[];
  /** Checkpoints, each with the number of changes before it. */
  positions: { position: Json; after: number }[];
}

/** A stream with the position where the rule begins, and what it yields from there on. */
interface Started {
  selected: SelectedStream;
  start: Json | undefined;
  first: Read;
}

/** Reads all streams with positions once, after all steps of the suite: the content to compare with. */
async function started(ctx: RuleContext): Promise<{ opened: OpenedSource; streams: Started[] }> {
  const opened = await openSource(ctx);
  const selected = opened.streams.filter(({ stream }) => stream.state === 'position');
  if (selected.length === 0) ctx.skip('no stream has a position as its state');
  const starts = new Map<SelectedStream, Json | undefined>();
  for (const one of selected) starts.set(one, await startOf(opened, one));
  const { mutate, steps = 3 } = ctx.suite;
  for (let step = 1; mutate !== undefined && step <= steps; step++) await ctx.mutate(step);
  const streams: Started[] = [];
  for (const [one, start] of starts) {
    const first = await readFrom(opened, one, { position: start, committed: start });
    if (first.changes.length === 0)
      ctx.fail(`${one.as}: a read yields nothing; let setup or mutate(step) of the suite add some records`);
    streams.push({ selected: one, start, first });
  }
  return { opened, streams };
}

async function readFrom(
  opened: OpenedSource,
  selected: SelectedStream,
  { position, committed }: { position: Json | undefined; committed: Json | undefined },
): Promise<Read> {
  const read: Read = { changes: [], positions: [] };
  for await (const item of readItems(opened, selected, { mode: 'incremental', position, committed })) {
    if (isCheckpoint(item)) read.positions.push({ position: item.position, after: read.changes.length });
    else if (isDeleted(item)) {
      const keys = keysOf(item);
      const op = item.moved === true ? 'm' : 'd';
      const gone = keys === 'all' ? [{ _aries_op: 't' }] : keys.map((key) => ({ ...key, _aries_op: op }));
      read.changes.push(...(gone as JsonRecord[]));
    } else if (!isRejected(item)) {
      const records = item as JsonRecord[];
      const changes = changesOf(records);
      const opOf = (gone: Change['gone']) => (gone === undefined ? 'u' : gone === 'moved' ? 'm' : 'd');
      for (const [index, record] of records.entries())
        read.changes.push({ ...record, _aries_op: opOf(changes?.(index)?.gone) });
    }
  }
  return read;
}

async function exactPositions(ctx: RuleContext): Promise<void> {
  const { opened, streams } = await started(ctx);
  for (const { selected, start, first } of streams) {
    const { changes, positions } = first;
    const behind = changes[positions.at(-1)?.after ?? 0];
    if (behind !== undefined) ctx.fail(`${selected.as}: no checkpoint comes after the last change`, behind);
    const every = Math.ceil(positions.length / MOST_POSITIONS);
    const tried = positions.filter((_, index) => index % every === 0 || index === positions.length - 1);
    for (const { position, after } of tried) {
      const rest = await readFrom(opened, selected, { position, committed: start });
      expectSame(ctx, selected, {
        wanted: changes.slice(after),
        found: rest.changes,
        when: `after a read from ${showRecord(position as JsonRecord)} on`,
      });
    }
  }
}

async function letsGoInTime(ctx: RuleContext): Promise<void> {
  const { opened, streams } = await started(ctx);
  for (const { selected, start, first } of streams) {
    const { changes, positions } = first;
    // The first read was the attempt that failed before its commit.
    const again = await readFrom(opened, selected, { position: start, committed: start });
    expectSame(ctx, selected, {
      wanted: changes,
      found: again.changes,
      when: 'after a run that failed before its commit',
    });
    const middle = positions.find(({ after }) => after >= changes.length / 2) ?? positions.at(-1);
    if (middle === undefined) continue;
    const { position, after } = middle;
    // Another attempt goes on in the middle, and a run after it from the start: nothing was loaded.
    await readFrom(opened, selected, { position, committed: start });
    const whole = await readFrom(opened, selected, { position: start, committed: start });
    expectSame(ctx, selected, {
      wanted: changes,
      found: whole.changes,
      when: 'after an attempt that resumed at a checkpoint, and failed before its commit',
    });
    // It may be called again, because a run may fail after it.
    for (let time = 1; time <= 2; time++) await release(opened, selected, position);
    const rest = await readFrom(opened, selected, { position, committed: position });
    expectSame(ctx, selected, {
      wanted: changes.slice(after),
      found: rest.changes,
      when: `after the source let go of everything up to ${showRecord(position as JsonRecord)}`,
    });
  }
}

/** Tells a source what the target holds, as a run does after its commit. */
async function release(opened: OpenedSource, selected: SelectedStream, position: Json): Promise<void> {
  const { stream, name } = selected;
  const held = positionOf(stream, position).position;
  await stream.released?.(rawContext(opened, selected, { mode: 'incremental', position, committed: position }), held);
  await stream.changeLog?.released?.(opened.source.ctx, new Map([[name, held]]));
}

function expectSame(
  ctx: RuleContext,
  { as: name }: SelectedStream,
  { wanted, found, when }: { wanted: JsonRecord[]; found: JsonRecord[]; when: string },
): void {
  const differs = difference(wanted, found);
  if (differs !== undefined)
    ctx.fail(
      `${name}: ${when}, a change ${differs.only === 'first' ? 'is lost' : 'is returned twice'}`,
      differs.record,
    );
}
