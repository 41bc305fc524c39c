import type { Disposition, LedgerRow, StreamState } from '@aries-data/sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Candidate } from './candidate.ts';
import { compactLedger } from './compact-ledger.ts';
import { knownFields } from './drift.ts';
import { decide, type LedgerFlags, ledgerState, readLater, repeatedBy, stateAfterLoad } from './ledger.ts';

/** So few that each history forgets most of its rows. */
const LIMITS = { newest: 2, ofADay: 0, slack: 1, dropped: 1000 };

/** A dataset, and when it was read. */
type Mode = Candidate['mode'] | 'position';
type Dataset = Pick<
  Candidate,
  'runId' | 'digest' | 'mode' | 'interval' | 'stateBefore' | 'stateAfter' | 'readStart' | 'input'
> & { pipeline: string; rows: number; fields: LedgerRow['fields'] };

const time = (tick: number) => new Date(Date.UTC(2026, 0, 1) + tick * 1000).toISOString();
const state = (cursor: number, keys: number): StreamState => ({
  cursor: String(cursor),
  keys: Array.from({ length: keys }, (_, key) => [key]),
});

/** One thing that happens: numbers from which it is made. */
const op = fc.record({
  what: fc.integer({ min: 0, max: 19 }),
  mode: fc.integer({ min: 0, max: 9 }),
  which: fc.nat(1000),
  disposition: fc.nat(2),
  flags: fc.nat(15),
  more: fc.nat(7),
});
type Op = typeof op extends fc.Arbitrary<infer T> ? T : never;

/** Two pipelines that load into one target; once with a ledger that forgets nothing, and once with one that is compacted. */
class World {
  tick = 0;
  identity = 'oid 1';
  full: LedgerRow[] = [];
  compacted: LedgerRow[] = [];
  readonly datasets: Dataset[] = [];
  /** Number of decisions of each kind, to see that all are met. */
  readonly met = new Map<string, number>();

  readonly modes: readonly Mode[];

  constructor(modes: readonly Mode[]) {
    this.modes = modes;
  }

  read(pipeline: string, { mode, which, more, flags }: Op, runId?: string): Dataset {
    this.tick++;
    const kind = this.modes[mode % this.modes.length]!;
    const held = ledgerState(this.full.filter((row) => row.pipeline === pipeline));
    const continues = kind === 'incremental' || kind === 'position';
    // Somebody may keep the state elsewhere, where it stays behind.
    const isBehind = kind === 'position' && flags % 5 === 2;
    const behind = isBehind ? (this.full[which % Math.max(this.full.length, 1)]?.stateAfter ?? null) : held;
    const before = continues && flags % 5 !== 0 ? behind : null;
    const cursor = before === null || 'position' in before ? null : before;
    const at = Number(cursor?.cursor ?? 0);
    const keys = cursor?.keys.length ?? 0;
    const after = more % 3 === 0 ? state(at, keys + (more % 2)) : state(at + more, 1);
    // A log may be at the same place again, such as after a fail-over.
    const position = more % 3 === 0 ? (before ?? { position: 0 }) : { position: which % 20 };
    const slot = which % 24;
    // A position names the files that were read, so that what begins there reads others.
    const again = `file${which % 6}-${more % 2}`;
    const number = before === null || isBehind ? which % (this.datasets.length + 1) : this.datasets.length;
    const file = `file${number}`;
    const dataset: Dataset = {
      pipeline,
      runId: runId ?? `run ${this.datasets.length}`,
      digest: `digest ${this.datasets.length}`,
      mode: kind === 'position' ? 'incremental' : kind,
      interval: kind === 'interval' ? { start: time(slot), end: time(slot + 1 + (more % 2)) } : null,
      stateBefore: before,
      stateAfter: kind === 'interval' ? null : kind === 'position' ? position : after,
      readStart: time(this.tick),
      rows: more % 4 === 0 ? 0 : more,
      input: {
        source: `source ${more % 2}`,
        ...(flags % 2 === 0 ? {} : { items: [{ name: 'file', key: kind === 'position' ? file : again }] }),
      },
      fields: [['id', which % 9 === 0 ? 'integer' : 'int64']],
    };
    this.datasets.push(dataset);
    return dataset;
  }

  candidate(dataset: Dataset, disposition: Disposition, history: readonly LedgerRow[]): Candidate {
    const { pipeline, rows, fields: _, input, ...rest } = dataset;
    return {
      ...rest,
      stream: 's',
      target: 's',
      disposition,
      cursorKind: 'integer',
      identity: this.identity,
      ledger: history.filter((row) => row.pipeline === pipeline),
      history,
      input: rows === 0 ? undefined : input,
      wholeInputs: true,
    };
  }

  load(dataset: Dataset, disposition: Disposition, flags: LedgerFlags): void {
    this.tick++;
    const full = this.candidate(dataset, disposition, this.full);
    const compacted = this.candidate(dataset, disposition, this.compacted);
    const [wanted, got] = [outcome(full, flags), outcome(compacted, flags)];
    const key = `${wanted}, ${got}`;
    this.met.set(key, (this.met.get(key) ?? 0) + 1);
    const nothing = wanted === 'already-loaded' && got === 'superseded';
    if (wanted !== got && got !== 'refused' && !nothing) {
      // A run that is forgotten is like a new one.
      expect([wanted, got, outcome({ ...full, runId: 'new' }, flags)]).toEqual(['refused', 'load', 'load']);
    }
    if (got !== 'load' || (wanted !== 'load' && wanted !== 'refused')) return;
    expect(stateAfterLoad(compacted)).toEqual(stateAfterLoad(full));
    expect(repeatedBy(compacted)?.items).toEqual(repeatedBy(full)?.items);
    expect(repeatedBy(compacted)?.changed).toEqual(repeatedBy(full)?.changed);
    // Differences are only reported. A dataset older than what is loaded may be compared with one read earlier than with all rows.
    if (full.ledger.every(({ readStart }) => readStart < dataset.readStart))
      expect(knownFields(compacted.ledger, dataset.readStart)).toEqual(knownFields(full.ledger, dataset.readStart));
    if (disposition === 'replace-interval' && flags.force !== true) {
      const [later, fullLater] = [readLater(compacted), readLater(full)];
      expect(later.others).toBe(fullLater.others);
      for (let slot = 0; slot < 26; slot++) expect(covers(later, slot)).toBe(covers(fullLater, slot));
    }
    this.commit(dataset, disposition, compacted, stateAfterLoad(full));
  }

  commit(dataset: Dataset, disposition: Disposition, candidate: Candidate, stateAfter: StreamState | null): void {
    const { input, mode: _, ...rest } = dataset;
    const { dropped, forgotten } = compactLedger(candidate, LIMITS);
    const row: LedgerRow = {
      ...rest,
      stream: 's',
      target: 's',
      identity: this.identity,
      disposition,
      stateAfter,
      loadedAt: time(this.tick),
      input: { source: input!.source, ...(input!.items && { items: input!.items.map((item) => item.key) }) },
    };
    this.full = [...this.full, row];
    const gone = new Set(dropped);
    this.compacted = [...this.compacted.filter((one) => !gone.has(one)), { ...row, forgotten }];
  }
}

function covers({ intervals }: ReturnType<typeof readLater>, slot: number): boolean {
  return intervals.some(({ start, end }) => start <= time(slot) && end >= time(slot + 1));
}

function outcome(candidate: Candidate, flags: LedgerFlags): string {
  try {
    return decide(candidate, flags);
  } catch {
    return 'refused';
  }
}

const DISPOSITIONS: Record<Dataset['mode'], Disposition[]> = {
  full: ['append', 'replace', 'merge'],
  incremental: ['append', 'merge', 'history'],
  interval: ['append', 'replace-interval', 'replace-interval'],
};

function happen(world: World, one: Op, only: Disposition | undefined): void {
  const pipeline = one.what === 0 ? 'other' : 'own';
  const flags = {
    force: one.flags === 1,
    allowGap: one.flags === 2,
    adopt: one.flags === 3,
    allowRepeat: (one.flags & 4) !== 0,
  };
  const dispositionOf = ({ mode }: Dataset) => {
    const all = DISPOSITIONS[mode];
    return only !== undefined && all.includes(only) && one.what !== 19 ? only : all[one.disposition]!;
  };
  const old = world.datasets[one.which % Math.max(world.datasets.length, 1)];
  if (one.what === 18 && one.which % 10 === 0) world.identity = `oid ${world.tick}`;
  else if (one.what === 17) world.read(pipeline, one);
  else if (one.what === 16 && old !== undefined) {
    const again = world.read(old.pipeline, one, old.runId);
    world.load(again, dispositionOf(again), flags);
  } else if (one.what >= 12 && old !== undefined) world.load(old, dispositionOf(old), flags);
  else {
    const dataset = world.read(pipeline, one);
    world.load(dataset, dispositionOf(dataset), one.flags === 1 ? flags : { ...flags, force: false });
  }
}

test.each<[Mode[], Disposition | undefined]>([
  [['incremental'], 'append'],
  [['incremental'], 'merge'],
  [['incremental'], 'history'],
  [['position'], 'append'],
  [['position'], 'merge'],
  [['interval'], 'append'],
  [['interval'], 'replace-interval'],
  [['full'], 'append'],
  [['full'], 'replace'],
  [['interval', 'incremental'], undefined],
  [['full', 'incremental', 'interval'], undefined],
])('after any loads of %s by %s, a compacted ledger decides as the full one, or refuses', (modes, only) => {
  const met = new Map<string, number>();
  let most = 0;
  fc.assert(
    fc.property(fc.array(op, { minLength: 10, maxLength: 60 }), (ops) => {
      const world = new World(modes);
      for (const one of ops) happen(world, one, only);
      most = Math.max(most, world.full.length - world.compacted.length);
      for (const [key, count] of world.met) met.set(key, (met.get(key) ?? 0) + count);
    }),
    { numRuns: 100 },
  );
  // Rows were forgotten, and loads of them were tried.
  expect(most).toBeGreaterThan(2);
  expect([...met.keys()]).toContain('already-loaded, refused');
});

describe('what stays', () => {
  const row = (number: number, change: Partial<LedgerRow> = {}): LedgerRow => ({
    pipeline: 'own',
    stream: 's',
    target: 's',
    identity: 'oid 1',
    runId: `run ${number}`,
    digest: `digest ${number}`,
    disposition: 'merge',
    interval: null,
    stateBefore: null,
    stateAfter: state(number, 1),
    readStart: time(number),
    rows: 1,
    loadedAt: time(number),
    ...change,
  });
  const interval = (number: number) => ({
    interval: { start: time(number), end: time(number + 1) },
    stateAfter: null,
    disposition: 'replace-interval' as const,
  });
  const rows = (changeOf: (number: number) => Partial<LedgerRow>) =>
    Array.from({ length: 20 }, (_, number) => row(number, changeOf(number)));
  const stays = (ledger: LedgerRow[], change: Partial<Candidate> = {}) => {
    const candidate = { ledger, identity: 'oid 1', disposition: 'merge' as const, ...change };
    const { dropped, forgotten } = compactLedger(candidate, LIMITS);
    const gone = new Set(dropped);
    return { numbers: ledger.flatMap((one, number) => (gone.has(one) ? [] : [number])), forgotten };
  };

  test.each<[string, LedgerRow[], number[], Partial<Candidate>?]>([
    ['the newest rows', rows(() => ({})), [18, 19]],
    ['the last replace', rows((number) => (number === 4 ? { disposition: 'replace' } : {})), [4, 18, 19]],
    [
      'the last replace, and the one that was read last',
      rows((number) => ([3, 9].includes(number) ? { disposition: 'replace', readStart: time(40 - number) } : {})),
      [3, 9, 18, 19],
    ],
    ['the row that the state follows', rows((number) => (number === 7 ? {} : interval(number))), [7, 18, 19]],
    [
      'that row of the table as it is, if there was another before',
      rows((number) => (number === 6 ? {} : { ...interval(number), identity: number === 12 ? 'oid 0' : 'oid 1' })),
      [6, 18, 19],
    ],
    [
      'what was read last of that which is not of an interval',
      rows((number) => (number < 9 ? { readStart: time(50 - number) } : interval(number))),
      [0, 8, 18, 19],
    ],
    [
      'the rows with which fields changed',
      rows((number) => ({ fields: [['id', number < 8 ? 'integer' : 'int64']] })),
      [0, 8, 18, 19],
    ],
    [
      'one row of each source, and each with files of its own',
      rows((number) => ({ input: number === 5 ? { source: 'a', items: ['1'] } : { source: number < 9 ? 'a' : 'b' } })),
      [5, 8, 18, 19],
    ],
    ['all rows of a short ledger', rows(() => ({})).slice(0, 2), [0, 1]],
  ])('%s', (_, ledger, expected, change) => {
    expect(stays(ledger, change).numbers).toEqual(expected);
  });

  test('rows of intervals of the last day', () => {
    const ledger = rows((number) => ({ ...interval(number), loadedAt: new Date(Date.now() - number).toISOString() }));
    const candidate = { ledger, identity: 'oid 1', disposition: 'merge' as const };
    expect(compactLedger(candidate, { ...LIMITS, ofADay: 5 }).dropped).toHaveLength(15);
    expect(compactLedger(candidate, { ...LIMITS, ofADay: 100 }).dropped).toHaveLength(0);
  });

  test('a summary of the others: intervals are joined where they touch', () => {
    const gaps = rows((number) => (number === 10 ? {} : interval(number)));
    expect(stays(gaps).forgotten).toEqual({
      intervals: [
        { start: time(0), end: time(10), first: time(0), last: time(9) },
        { start: time(11), end: time(18), first: time(11), last: time(17) },
      ],
    });
    expect(stays(rows(() => ({}))).forgotten).toEqual({ last: time(17) });
    expect(stays(gaps, { disposition: 'replace' }).forgotten).toEqual({ replaced: time(17) });
  });

  test('the summary of a target that was made again is not carried on', () => {
    const ledger = [row(1, { forgotten: { last: time(0) } })];
    expect(stays(ledger).forgotten).toEqual({ last: time(0) });
    expect(stays(ledger, { identity: 'oid 2' }).forgotten).toBeUndefined();
    expect(stays(ledger, { identity: null }).forgotten).toBeUndefined();
  });
});
