import { defineTransform } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type TestFunction, testConformance } from './test-conformance.ts';

const plain = defineTransform({ map: (record) => record });
const suites = { transform: { input: { records: [{ id: 1 }] } } };

/** Runs the declared tests and returns how each ended: `passed`, skipped with a note, or the error. */
async function endings(skipped: string[], transform: unknown = plain): Promise<Record<string, string>> {
  const tests = new Map<string, Parameters<TestFunction>[1]>();
  testConformance((title, run) => tests.set(title.split(':')[0]!, run), { name: 'same', transform }, suites, {
    skipped,
  });
  const ended: Record<string, string> = {};
  for (const [rule, run] of tests) {
    ended[rule] = 'passed';
    const skip = (note?: string) => {
      ended[rule] = `skipped: ${note}`;
    };
    await run({ skip }).catch((error: Error) => {
      ended[rule] = error.message;
    });
  }
  return ended;
}

/** A transform that sees the whole stream. */
const whole = defineTransform({
  config: z.object({ size: z.number().default(1).describe('Its size') }),
  scope: 'dataset',
  schema: (input) => input,
  async *apply(batches) {
    for await (const batch of batches) yield [...batch];
  },
});

test('a rule that does not apply is skipped with its reason if it is listed, and fails if not', async () => {
  expect(await endings([], whole)).toMatchInlineSnapshot(`
    {
      "transform/check": "passed",
      "transform/config-errors": "passed",
      "transform/counts": "passed",
      "transform/schema": "passed",
      "transform/spec": "passed",
      "transform/streaming": "transform/streaming did not run: it works on whole datasets",
    }
  `);
  expect((await endings(['transform/streaming'], whole))['transform/streaming']).toMatchInlineSnapshot(
    `"skipped: it works on whole datasets"`,
  );
});

test('a rule that is listed but runs fails', async () => {
  expect((await endings(['transform/counts']))['transform/counts']).toMatchInlineSnapshot(
    `"transform/counts ran, but "skipped" lists it"`,
  );
});

test('an unknown rule in the list is reported', async () => {
  await expect(endings(['transform/steaming'])).rejects.toThrow(
    '"skipped" lists transform/steaming: same has no such rules',
  );
});
