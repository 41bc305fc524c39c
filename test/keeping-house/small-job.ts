import { extract, load } from '@aries-data/engine';
import { type Connector, checkpoint, defineDestination, defineSource } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { z } from 'zod';

interface World {
  /** Records that the next extract reads. */
  count: number;
  /** True if the destination rejects one of them. */
  bad: boolean;
  /** What happens once the first half of them is staged. */
  halfway?: (() => Promise<void>) | undefined;
}

export const world: World = { count: 3, bad: false };

const source = defineSource({
  config: z.object({}),
  streams: ({ stream }) => ({
    things: stream({
      schema: z.object({ id: z.int(), text: z.string() }),
      primaryKey: ['id'],
      async *read({ position }) {
        const records = Array.from({ length: world.count }, (_, id) => ({ id, text: textOf(id) }));
        const half = Math.floor(world.count / 2);
        if (position === undefined) yield records.slice(0, half);
        yield checkpoint({ half: true });
        const { halfway } = world;
        world.halfway = undefined;
        await halfway?.();
        yield records.slice(half);
      },
    }),
  }),
});

const textOf = (id: number) => (world.bad && id === 1 ? 'bad' : 'good');

const destination = defineDestination({
  config: z.object({}),
  formats: [],
  dispositions: ['append', 'merge'],
  delivery: 'at-least-once',
  open: async () => ({
    async open(_, reject) {
      let received = 0;
      return {
        async writeBatch(batch) {
          for (const record of batch) {
            if (record.text === 'bad') reject({ reason: 'bad', origin: 'here', record });
            else received++;
          }
        },
        finish: async () => ({ received }),
      };
    },
    async close() {},
  }),
});

export const things: Connector = { name: 'things', version: '1.0.0', source };
export const sink: Connector = { name: 'sink', version: '1.0.0', destination };

/** Extracts a run of the job. Returns the URI of its dataset. */
export async function extractRun(
  staging: string | Store,
  runId: string,
  options: { force?: boolean; skipEmpty?: boolean } = {},
) {
  const source = { connector: things, config: {} };
  const { dataset } = await extract({ source, staging, name: 'job', runId, ...options });
  return dataset;
}

/** Loads a dataset. */
export async function loadDataset(dataset: string) {
  return load({
    destination: { connector: sink, config: {} },
    input: [dataset],
    disposition: 'merge',
    maxRejected: { count: 1 },
  });
}
