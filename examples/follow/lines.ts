import { createReadStream } from 'node:fs';
import { checkpoint, defineSource } from '@aries-data/sdk';
import { z } from 'zod';

export const source = defineSource({
  config: z.object({ path: z.string().describe('A file to which lines are appended.') }),
  streams: ({ stream }) => ({
    lines: stream({
      schema: z.object({ line: z.int(), text: z.string() }),
      primaryKey: ['line'],
      state: 'position',
      position: z.object({ offset: z.int(), line: z.int() }),
      async *read({ config, position = { offset: 0, line: 0 } }) {
        let { offset, line } = position;
        let held = Buffer.alloc(0);
        for await (const chunk of createReadStream(config.path, { start: offset })) {
          const bytes = Buffer.concat([held, chunk]);
          // What follows the last line break may still be being written: the next read has it.
          const lines = bytes.subarray(0, bytes.lastIndexOf('\n') + 1);
          held = bytes.subarray(lines.length);
          if (lines.length === 0) continue;
          const texts = String(lines).slice(0, -1).split('\n');
          yield texts.map((text) => ({ line: ++line, text }));
          offset += lines.length;
          yield checkpoint({ offset, line });
        }
        yield checkpoint({ offset, line }, { caughtUp: true });
      },
    }),
  }),
});
