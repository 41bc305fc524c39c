import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareNames } from '../locations/compare-names.ts';
import type { Listed } from '../locations/listed.ts';
import { compareListing, pendingOf, whetherListed, withoutLeft } from './compare-lists.ts';
import { type Entry, readList, versionDigest } from './file-list.ts';

/** The version of each file by its name. */
type Files = Record<string, { version: number; settled: boolean }>;

const files = fc.dictionary(
  fc.string({ unit: fc.constantFrom('a', 'b', '/', '\u{e000}', '😀'), minLength: 1, maxLength: 4 }),
  fc.record({ version: fc.nat(2), settled: fc.boolean() }),
  { maxKeys: 30, noNullPrototype: true },
);

const sorted = <T extends { name: string }>(all: T[]): T[] => all.sort((a, b) => compareNames(a.name, b.name));
const entriesOf = (all: Files): Entry[] =>
  sorted(Object.entries(all).map(([name, { version }]) => ({ name, version: versionDigest(String(version)) })));

async function* listing(all: Files, batch: number): AsyncGenerator<Listed[]> {
  const listed = sorted(
    Object.entries(all).map(([name, { version, settled }]) => ({ name, version: String(version), settled })),
  );
  for (let at = 0; at < listed.length; at += batch) yield listed.slice(at, at + batch);
  yield [];
}

test('a listing is compared with the known files: new, changed, vanished, waiting', async () => {
  await fc.assert(
    fc.asyncProperty(files, files, fc.integer({ min: 1, max: 7 }), async (before, now, batch) => {
      const found = await compareListing(listing(now, batch), entriesOf(before));
      const isKnown = (name: string) => before[name]?.version === now[name]?.version;
      const names = Object.keys(now);
      const pending = names.filter((name) => !isKnown(name) && now[name]!.settled);
      const waiting = names.filter((name) => !isKnown(name) && !now[name]!.settled);
      // What is known afterwards: the files as they are now, but those that wait as they were.
      const after: Files = Object.fromEntries(
        names.flatMap((name) => {
          const one = waiting.includes(name) ? before[name] : now[name];
          return one === undefined ? [] : [[name, one]];
        }),
      );
      expect([...readList(found.list)]).toEqual(entriesOf(after));
      expect(found).toMatchObject({
        count: Object.keys(after).length,
        pending: pending.length,
        changed: pending.filter((name) => name in before).length,
        vanished: Object.keys(before).filter((name) => !(name in now)).length,
        waiting: waiting.length,
      });
      expect([...pendingOf(entriesOf(before), readList(found.list))]).toEqual(
        sorted(
          pending.map((name) => ({
            name,
            version: versionDigest(String(now[name]!.version)),
            changed: name in before,
          })),
        ),
      );
    }),
    { numRuns: 500 },
  );
});

test('files that were left stay as they were known', async () => {
  await fc.assert(
    fc.asyncProperty(files, files, fc.array(fc.nat()), async (before, now, chosen) => {
      const all = Object.fromEntries(Object.entries(now).map(([name, one]) => [name, { ...one, settled: true }]));
      const { list } = await compareListing(listing(all, 3), entriesOf(before));
      const pending = [...pendingOf(entriesOf(before), readList(list))];
      const left = pending.filter((_, index) => chosen.includes(index));
      const after = [...readList(withoutLeft(entriesOf(before), readList(list), left))];
      // The next comparison finds exactly the files that were left.
      expect([...pendingOf(after, readList(list))].map(({ name }) => name)).toEqual(left.map(({ name }) => name));
      expect(after.filter(({ name }) => left.some((one) => one.name === name))).toEqual(
        entriesOf(before).filter(({ name }) => left.some((one) => one.name === name)),
      );
    }),
    { numRuns: 300 },
  );
});

test('only files that are still listed are said to be there', async () => {
  await fc.assert(
    fc.asyncProperty(files, files, fc.integer({ min: 1, max: 7 }), async (pending, now, batch) => {
      const all = entriesOf(pending).map((entry) => ({ ...entry, changed: false }));
      const found = await Array.fromAsync(whetherListed(all, listing(now, batch)));
      expect(found).toEqual(all.map((entry) => ({ ...entry, isListed: entry.name in now })));
      expect((await Array.fromAsync(whetherListed(all, undefined))).every(({ isListed }) => isListed)).toBe(true);
    }),
  );
});

test('the work grows with the files, not with their square', async () => {
  const operations = async (count: number) => {
    let taken = 0;
    function* known(): Generator<Entry> {
      for (let index = 0; index < count; index += 2) {
        taken++;
        yield { name: `${String(index).padStart(7, '0')}.csv`, version: versionDigest('1') };
      }
    }
    async function* listed(): AsyncGenerator<Listed[]> {
      for (let at = 0; at < count; at += 100) {
        yield Array.from({ length: 100 }, (_, index) => {
          taken++;
          return { name: `${String(at + index).padStart(7, '0')}.csv`, version: '1', settled: true };
        });
      }
    }
    const found = await compareListing(listed(), known());
    expect(found.pending).toBe(count / 2);
    for (const _ of pendingOf(known(), readList(found.list))) taken++;
    return taken;
  };
  expect(await operations(10_000)).toBe(10 * (await operations(1000)));
});
