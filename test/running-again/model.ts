/**
 * What a table must be, written down a second time and without the engine's code. A world is one thing that may be true: what the
 * state file, the ledger, the table and the staging hold. A command makes of each world those that may come of it, each with the
 * outcome that is then seen; a command that is killed may have been done, half done or not begun. What is seen (outcome, table, state)
 * then rules worlds out.
 *
 * The invariant: at least one world agrees with everything that was seen. So the table is what the commands that ended well have made
 * of it, a load that fails has changed nothing, and it is refused exactly where these rules refuse it.
 */

export interface Row {
  id: number;
  /** The cursor, a day. */
  at: number;
  /** Changes with each change of the record. */
  note: number;
}

/** The state of a stream: the greatest cursor value and its keys. */
export interface Position {
  cursor: number;
  keys: string[];
}

export type Kind = 'full' | 'incremental' | readonly [start: number, end: number];

export interface ModelDataset {
  run: string;
  /** The number of times it was created again. */
  generation: number;
  kind: Kind;
  before: Position | null;
  after: Position | null;
  /** The time at which it was read. */
  read: number;
  rows: Row[];
}

type Applied = Omit<ModelDataset, 'rows'> & { disposition: Disposition; count: number };
export type Disposition = 'append' | 'replace' | 'merge' | 'replace-interval';

export interface World {
  state: Position | null;
  ledger: Applied[];
  rows: Row[];
  finished: Record<string, ModelDataset>;
  /** Records read by failed attempts, which a retry may find durable. */
  attempts: ModelDataset[];
}

export interface Possible {
  outcome: string;
  world: World;
}

export interface ExtractCommand {
  run: string;
  kind: Kind;
  force: boolean;
  killed: boolean;
}

export interface LoadCommand {
  run: string;
  disposition: Disposition | undefined;
  force: boolean;
  adopt: boolean;
  allowGap: boolean;
  killed: boolean;
}

export const NOTHING: World = { state: null, ledger: [], rows: [], finished: {}, attempts: [] };

export function modelOf(keyed: boolean) {
  const keyOf = (row: Row) => JSON.stringify(keyed ? row.id : row);

  /** Returns the possible outcomes of an extract from a source with these rows, started at this time. */
  function extract(world: World, { run, kind, force, killed }: ExtractCommand, source: Row[], now: number): Possible[] {
    const finished = world.finished[run];
    let before = kind === 'incremental' ? world.state : null;
    if (
      kind === 'incremental' &&
      typeof finished?.kind === 'string' &&
      holds(world.state, finished.after ?? finished.before)
    )
      before = finished.before;
    if (finished !== undefined && !force) {
      if (!same(finished.kind, kind)) return [{ outcome: 'FINGERPRINT_DIFFERS', world }];
      if (same(finished.before, before)) return orKilled([ended(world, finished, 0)], world, killed);
    }
    const generation = (finished?.generation ?? 0) + 1;
    const rows = source.filter((row) => isInside(row, kind, before));
    const fresh: ModelDataset = { run, generation, kind, before, after: reach(rows, kind, before), read: now, rows };
    const durable = world.attempts.filter(
      (attempt) => !force && same({ ...attempt, after: 0, read: 0, rows: 0 }, { ...fresh, after: 0, read: 0, rows: 0 }),
    );
    const possible = [
      ended(commit(world, fresh), fresh, 1),
      ...durable.map((attempt) => ended(commit(world, attempt), attempt, 0)),
    ];
    return [
      ...orKilled(possible, world, killed),
      ...(killed ? [{ outcome: 'killed', world: { ...world, attempts: [...world.attempts, fresh] } }] : []),
    ];
  }

  function isInside(row: Row, kind: Kind, before: Position | null): boolean {
    if (typeof kind !== 'string') return row.at >= kind[0] && row.at < kind[1];
    if (kind === 'full' || before === null) return true;
    return row.at > before.cursor || (row.at === before.cursor && !before.keys.includes(keyOf(row)));
  }

  function reach(rows: Row[], kind: Kind, before: Position | null): Position | null {
    if (typeof kind !== 'string') return null;
    if (rows.length === 0) return before;
    const cursor = Math.max(...rows.map(({ at }) => at));
    return furthest(before, {
      cursor,
      keys: rows
        .filter(({ at }) => at === cursor)
        .map(keyOf)
        .sort(),
    });
  }

  /** Returns the possible outcomes of a load. */
  function load(world: World, command: LoadCommand): Possible[] {
    const dataset = world.finished[command.run];
    if (dataset === undefined) return [{ outcome: 'INPUT_NOT_READY', world }];
    const disposition = command.disposition ?? defaultOf(dataset);
    if (!fits(dataset, disposition)) return [{ outcome: 'CONFIG_INVALID', world }];
    const isInterval = typeof dataset.kind !== 'string';
    // A load first repairs the state, even if it fails. Intervals do not use the state.
    const mended =
      isInterval || world.ledger.every(({ kind }) => typeof kind !== 'string')
        ? world
        : { ...world, state: held(world) };
    const verdict = judge(mended, dataset, disposition, command);
    const rows = verdict === 'loaded' ? apply(mended, dataset, disposition) : mended.rows;
    if (rows === null) return orKilled([{ outcome: 'DATA_INVALID', world: mended }], world, command.killed);
    if (verdict !== 'loaded') return orKilled([{ outcome: verdict, world: mended }], world, command.killed);
    // After replace, the state is that of the dataset; otherwise existing rows stay.
    const after = isInterval ? null : disposition === 'replace' ? dataset.after : furthest(held(mended), dataset.after);
    const { rows: added, ...entry } = dataset;
    const applied = { ...entry, after, disposition, count: added.length };
    const committed = { ...mended, rows, ledger: [...mended.ledger, applied] };
    const loaded = isInterval ? committed : { ...committed, state: after };
    return [
      ...orKilled([{ outcome: 'loaded', world: loaded }], world, command.killed),
      ...(command.killed
        ? [
            { outcome: 'killed', world: mended },
            { outcome: 'killed', world: committed },
          ]
        : []),
    ];
  }

  function fits({ kind, before }: ModelDataset, disposition: Disposition): boolean {
    if (disposition === 'merge') return keyed;
    if (disposition === 'replace-interval') return typeof kind !== 'string';
    return disposition !== 'replace' || kind === 'full' || (kind === 'incremental' && before === null);
  }

  function defaultOf({ kind }: ModelDataset): Disposition {
    if (typeof kind !== 'string') return 'replace-interval';
    return kind === 'full' ? 'replace' : keyed ? 'merge' : 'append';
  }

  /** Returns the table after a load; `null` if its key does not allow it. */
  function apply({ rows, ledger }: World, dataset: ModelDataset, disposition: Disposition): Row[] | null {
    const [old, added] = [rows, dataset.rows];
    if (disposition === 'replace') return added;
    if (disposition === 'append') {
      return keyed && added.some(({ id }) => old.some((row) => row.id === id)) ? null : [...old, ...added];
    }
    const { kind, read } = dataset;
    if (disposition === 'merge' || typeof kind === 'string') {
      return mergeInto(old, added, (other, row) => other.at > row.at);
    }
    // A later read decides what is in its interval, regardless of this dataset.
    const there = sinceReplace(ledger);
    const later = there.filter((one) => one.read > read);
    const isKnown = ({ at }: Row) =>
      later.some(({ kind }) => typeof kind !== 'string' && at >= kind[0] && at < kind[1]);
    const others = there.length === 0 || later.some(({ kind }) => typeof kind === 'string');
    const ours = added.filter((row) => !isKnown(row));
    const stays = old.filter(
      (row) => isKnown(row) || row.at < kind[0] || row.at >= kind[1] || (keyed && ours.some(({ id }) => id === row.id)),
    );
    if (!keyed) return [...stays, ...ours];
    return mergeInto(stays, ours, (other, row) => isKnown(other) || (others && other.at > row.at));
  }

  /** Merges by key; an existing newer row stays. */
  function mergeInto(old: Row[], added: Row[], isNewer: (other: Row, row: Row) => boolean): Row[] {
    const winners = added.map((row) => {
      const other = old.find(({ id }) => id === row.id);
      return other !== undefined && isNewer(other, row) ? other : row;
    });
    return [...old.filter(({ id }) => !added.some((row) => row.id === id)), ...winners];
  }

  /** Clears the state, with or without the ledger. */
  function reset(world: World, ledger: boolean): Possible[] {
    return [{ outcome: 'reset', world: { ...world, state: null, ...(ledger ? { ledger: [] } : {}) } }];
  }

  /** Returns the possible outcomes of two commands at once: one after the other, or one fails because of the other. */
  function atOnce(world: World, commands: readonly [LoadCommand, LoadCommand]): Possible[] {
    const possible = [commands, [commands[1], commands[0]] as const].flatMap(([first, second], turned) =>
      withBusy(load(world, first), world).flatMap((one) =>
        withBusy(load(one.world, second), one.world).map((two) => ({
          outcome: (turned ? [two, one] : [one, two]).map(({ outcome }) => outcome).join(),
          world: two.world,
        })),
      ),
    );
    return possible.filter(({ outcome }) => outcome !== 'busy,busy');
  }

  function withBusy(possible: Possible[], world: World): Possible[] {
    const mended = { ...world, state: held(world) };
    return [
      ...possible,
      { outcome: 'busy', world },
      ...(world.ledger.some(({ kind }) => typeof kind === 'string') ? [{ outcome: 'busy', world: mended }] : []),
    ];
  }

  return { extract, load, reset, atOnce };
}

function judge(world: World, dataset: ModelDataset, disposition: Disposition, flags: LoadCommand): string {
  const { kind, before, read, run, generation } = dataset;
  const { ledger } = world;
  const again = ledger.some((one) => one.run === run && one.generation === generation);
  if (again && (!flags.force || disposition === 'append')) return 'already-loaded';
  if (disposition === 'append' && ledger.some((one) => one.run === run)) return 'LOAD_REFUSED';
  const later = flags.force ? [] : ledger.filter((one) => one.read > read);
  if (disposition === 'replace' && later.length > 0) return 'superseded';
  const there = held(world);
  const intervals = sinceReplace(ledger).flatMap((one) => (typeof one.kind === 'string' ? [] : [one.kind]));
  if (typeof kind !== 'string') {
    const covers = (other: Kind) => typeof other !== 'string' && other[0] <= kind[0] && other[1] >= kind[1];
    if (
      disposition === 'replace-interval' &&
      later.some((one) => covers(one.kind) || (typeof one.kind === 'string' && one.disposition === 'replace'))
    )
      return 'superseded';
    const repeats =
      intervals.some(([start, end]) => start < kind[1] && end > kind[0]) || (there !== null && there.cursor >= kind[0]);
    return disposition === 'append' && repeats ? 'LOAD_REFUSED' : 'loaded';
  }
  if (kind === 'full') {
    // Everything is read again, and added to what was read before.
    const repeats = dataset.rows.length > 0 && sinceReplace(ledger).some(({ count }) => count > 0);
    return disposition === 'append' && repeats ? 'LOAD_REFUSED' : 'loaded';
  }
  if (disposition === 'append' && intervals.some(([, end]) => before === null || end > before.cursor))
    return 'LOAD_REFUSED';
  if (there === null) return before === null || flags.adopt ? 'loaded' : 'LOAD_REFUSED';
  if (same(before, there)) return 'loaded';
  const overlaps = holds(there, before);
  return (overlaps ? disposition !== 'append' : flags.allowGap) ? 'loaded' : 'LOAD_REFUSED';
}

/** Returns the ledger's rows for what is in the table. */
function sinceReplace(ledger: readonly Applied[]): readonly Applied[] {
  return ledger.slice(
    Math.max(
      0,
      ledger.findLastIndex(({ disposition }) => disposition === 'replace'),
    ),
  );
}

/** Returns the state of the table according to the ledger. */
function held({ ledger }: World): Position | null {
  return ledger.findLast(({ kind }) => typeof kind === 'string')?.after ?? null;
}

/** True if one state includes everything up to another. */
function holds(there: Position | null, wanted: Position | null): boolean {
  if (wanted === null) return true;
  if (there === null || there.cursor < wanted.cursor) return false;
  return there.cursor > wanted.cursor || wanted.keys.every((key) => there.keys.includes(key));
}

function furthest(one: Position | null, other: Position | null): Position | null {
  if (one === null || other === null) return one ?? other;
  if (one.cursor !== other.cursor) return one.cursor > other.cursor ? one : other;
  return { cursor: one.cursor, keys: [...new Set([...one.keys, ...other.keys])].sort() };
}

function commit(world: World, dataset: ModelDataset): World {
  return { ...world, finished: { ...world.finished, [dataset.run]: dataset } };
}

/** Describes a successful extract: its number of records, and of reads of the source. */
function ended(world: World, { rows }: ModelDataset, reads: number): Possible {
  return { outcome: `${rows.length} records, ${reads} reads`, world };
}

function orKilled(possible: Possible[], untouched: World, killed: boolean): Possible[] {
  if (!killed) return possible;
  return [
    ...possible,
    ...possible.map(({ world }) => ({ outcome: 'killed', world })),
    { outcome: 'killed', world: untouched },
  ];
}

export function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
