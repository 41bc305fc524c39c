import { type ChangeLog, checkpoint, defineSource, deleted } from '@aries-data/sdk';
import { z } from 'zod';

type Entry = readonly [stream: string, id: number, gone?: 'gone'];

const ENTRIES: readonly Entry[] = [
  ['orders', 1],
  ['customers', 1],
  ['orders', 2],
  ['customers', 1, 'gone'],
];

const position = z.object({ seq: z.int() });

const changeLog: ChangeLog<object, z.infer<typeof position>> = {
  async *read() {
    for (const [index, [stream, id, gone]] of ENTRIES.entries()) {
      yield { stream, item: gone === undefined ? [{ id }] : deleted([{ id }]) };
      yield checkpoint({ seq: index + 1 });
    }
    yield checkpoint({ seq: ENTRIES.length }, { caughtUp: true });
  },
};

/** A source of two streams that come out of one log, and one that does not. */
export const source = defineSource({
  config: z.object({}),
  streams: ({ stream }) => {
    const schema = z.object({ id: z.int() });
    const logged = () =>
      stream({
        schema,
        ...{ primaryKey: ['id'], changes: true, state: 'position', position, changeLog },
        async *read() {},
      });
    return {
      customers: logged(),
      countries: stream({
        schema,
        async *read() {
          yield [{ id: 49 }];
        },
      }),
      orders: logged(),
    };
  },
});
