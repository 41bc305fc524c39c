import type { MaxRejected, StepOptions } from '@aries-data/engine';
import { expect, expectTypeOf, test } from 'vitest';
import { type OptionsFromFlags, type OptionsOf, type StepCommand, type StepFlags, stepOptions } from './step-flags.ts';

/** Options that no flag sets, with what sets them instead. */
interface SetElsewhere extends Record<StepCommand, string> {
  // The connector comes from an argument, the interval from two flags. The others only a pipeline file can set.
  extract: 'source' | 'interval' | 'transforms' | 'preferFormats' | 'loadAhead';
  // `--input` may be given several times. The others only a pipeline file can set.
  transform: 'transform' | 'input' | 'transforms' | 'step' | 'loadAhead';
  // A dataset names its job and run. The others only a pipeline file can set; --dry-run is a flag of `aries run`.
  load: 'destination' | 'input' | 'name' | 'runId' | 'dispositions' | 'schemaChanges' | 'dryRun';
  run: 'file' | 'interval' | 'env' | 'loadConnector';
}
type SetBySession = 'signal' | 'log' | 'redactor' | 'onStart' | 'onProgress' | 'onDrift';
type NeverSet<C extends StepCommand> = Exclude<
  keyof OptionsOf[C],
  keyof OptionsFromFlags<C> | SetElsewhere[C] | SetBySession
>;

test('every option of a step is set by a flag or listed here', () => {
  expectTypeOf<NeverSet<'extract'>>().toBeNever();
  expectTypeOf<NeverSet<'transform'>>().toBeNever();
  expectTypeOf<NeverSet<'load'>>().toBeNever();
  expectTypeOf<NeverSet<'run'>>().toBeNever();
});

test('flags and options have the types of the table', () => {
  expectTypeOf<SetBySession>().toExtend<keyof StepOptions>();
  expectTypeOf<StepFlags<'extract'>['staging']>().toEqualTypeOf<string>();
  expectTypeOf<StepFlags<'run'>['staging']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<OptionsFromFlags<'load'>['maxRejected']>().toEqualTypeOf<MaxRejected | undefined>();
  expectTypeOf<OptionsFromFlags<'load'>>().not.toHaveProperty('runId');
});

test('each option has the value of its flag; flags that the command reads itself set none', () => {
  const flags = {
    'run-id': 'monday',
    'staged-format': 'csv',
    force: true,
    'interval-start': '2026-01-01T00:00:00Z',
    'interval-end': '2026-01-02T00:00:00Z',
    'dry-run': true,
    'schema-change': 'freeze',
  } as StepFlags<'run'>;
  const set = Object.entries(stepOptions('run', flags)).filter(([, value]) => value !== undefined);
  expect(Object.fromEntries(set)).toEqual({
    runId: 'monday',
    stagedFormat: 'csv',
    force: true,
    schemaChange: 'freeze',
  });
});
