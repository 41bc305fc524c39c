import { extract, openDataset, transform as runStep } from '@aries-data/engine';
import { applyContext, openRole, stepContext } from '@aries-data/engine/internal';
import { normaliser } from '@aries-data/formats/internal';
import type { ApplyContext, Batch, Json, JsonRecord, RecordSchema } from '@aries-data/sdk';
import { memoryStaging } from '@aries-data/stores';
import { recordsConnector } from '../records-source.ts';
import { canonical } from './compare.ts';
import { stagedRecords } from './reading.ts';
import type { Rule, RuleContext } from './rule.ts';
import type { ConformanceInput } from './suite.ts';

/** Rules for every transform. */
export const transformRules: Rule[] = [
  {
    id: 'transform/schema',
    role: 'transform',
    title: 'Output records match the output schema',
    why: 'the target is created from the schema, and records that do not match it cannot be loaded',
    run: truthfulSchema,
  },
  {
    id: 'transform/counts',
    role: 'transform',
    title: 'Every record is accounted for',
    why: 'a record that a transform loses by mistake is lost silently',
    async run(ctx) {
      await staged(ctx);
    },
  },
  {
    id: 'transform/streaming',
    role: 'transform',
    title: 'A batch transform returns each batch before it takes the next',
    why: 'otherwise memory grows with the dataset, and checkpoints lose their place between batches',
    run: streaming,
  },
];

function inputOf(ctx: RuleContext): ConformanceInput {
  const { input } = ctx.suite;
  if (input === undefined || input.records.length === 0) ctx.fail('the suite has no input with records');
  return input;
}

/** Stages the input as a dataset. */
async function stagedInput(input: ConformanceInput) {
  const store = memoryStaging();
  const connector = recordsConnector({ ...input, records: structuredClone(input.records) });
  const { dataset } = await extract({ source: { connector, config: {} }, staging: store, name: 'conformance' });
  return openDataset(dataset, store);
}

/** Runs the transform as a separate step, in which the engine reconciles counts. */
async function staged(ctx: RuleContext) {
  const input = await stagedInput(inputOf(ctx));
  const result = await runStep({
    transform: ctx.use,
    input: [input.uri],
    staging: input.store,
    maxRejected: { share: 1 },
  });
  return openDataset(result.dataset, input.store);
}

async function truthfulSchema(ctx: RuleContext): Promise<void> {
  const input = await stagedInput(inputOf(ctx));
  const { schema } = input.manifest.streams.records!;
  const { definition, ctx: own } = openRole('transform', ctx.use, stepContext('transform', {}, ctx.connector.name));
  const at = contextOf(ctx, schema);
  if (definition.map !== undefined) {
    const dataset = await staged(ctx);
    const { firstRejected, counts } = dataset.manifest.streams.records!;
    if (firstRejected !== null && counts.staged === 0) ctx.fail(`all records are rejected: ${firstRejected}`);
    return;
  }
  const said = definition.schema!(schema, { ...own, ...at });
  const { normalise, undeclared } = normaliser(said);
  const { batches } = await applied(ctx, schema, [await stagedRecords(input, 'records')]);
  const records = batches.flat();
  if (records.length === 0) ctx.fail('it returns no records; give it input for which it returns some');
  for (const record of records) {
    const before = JSON.parse(canonical(record)) as Json;
    const normalised = normalise(record);
    if (typeof normalised === 'string') ctx.fail(normalised, before);
    const [name] = undeclared.keys();
    if (name !== undefined)
      ctx.fail(`a record has the field "${name}", which the output schema does not declare`, before);
  }
}

async function streaming(ctx: RuleContext): Promise<void> {
  const { definition } = openRole('transform', ctx.use, stepContext('transform', {}, ctx.connector.name));
  if (definition.scope === 'dataset') ctx.skip('it works on whole datasets');
  if (definition.apply === undefined) ctx.skip('map sees one record at a time');
  const input = await stagedInput(inputOf(ctx));
  const records = await stagedRecords(input, 'records');
  const { ahead, batches } = await applied(
    ctx,
    input.manifest.streams.records!.schema,
    Array.from({ length: 5 }, () => structuredClone(records)),
  );
  if (ahead > 1) ctx.fail(`it took ${ahead} batches before it returned one`);
  if (batches.length !== 5) ctx.fail(`it took 5 batches and returned ${batches.length}`);
}

function contextOf({ suite }: RuleContext, input: RecordSchema) {
  const { primaryKey = [], cursor } = suite.input!;
  return { stream: 'records', input, primaryKey, cursor };
}

/** Calls `apply` with batches; returns its output and the most batches that it held at once. */
async function applied(ctx: RuleContext, input: RecordSchema, batches: JsonRecord[][]) {
  const { definition, ctx: own } = openRole('transform', ctx.use, stepContext('transform', {}, ctx.connector.name));
  let taken = 0;
  let ahead = 0;
  const out: JsonRecord[][] = [];
  async function* source(): AsyncGenerator<Batch> {
    for (const batch of batches) {
      taken++;
      ahead = Math.max(ahead, taken - out.length);
      yield batch;
    }
  }
  const counts = { read: 0, staged: 0, rejected: 0, outside: 0, dropped: 0, expanded: 0 };
  const at = { ...own, ...contextOf(ctx, input) };
  const given: ApplyContext<unknown> = applyContext(
    at,
    counts,
    () => {},
    async () => ctx.folder,
  );
  for await (const batch of definition.apply!(source(), given)) out.push([...batch]);
  return { batches: out, ahead };
}
