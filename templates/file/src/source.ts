import { access, constants } from 'node:fs/promises';
import { checkpoint, defineSource, rejected } from '@aries-data/sdk';
import { z } from 'zod';
import { config } from './config.ts';
import { linesOf } from './lines.ts';
import { parseRequest } from './parse-request.ts';

const BATCH = 1000;

export const source = defineSource({
  config,
  // Runs on `aries check`.
  check: ({ config }) => access(config.path, constants.R_OK),
  streams: ({ stream }) => ({
    requests: stream({
      // https://en.wikipedia.org/wiki/Common_Log_Format
      schema: z.object({
        line: z.int(),
        host: z.string(),
        user: z.string().nullable(),
        at: z.iso.datetime({ offset: true }),
        method: z.string(),
        path: z.string(),
        status: z.int(),
        bytes: z.int().nullable(),
      }),
      primaryKey: ['line'],
      // The position in a checkpoint: the number of the last line that was read.
      position: z.int(),
      // If an earlier attempt was interrupted, `position` is its last checkpoint.
      async *read({ config, position: done = 0 }) {
        let batch = [];
        for await (const { number, text } of linesOf(config.path)) {
          if (number <= done || text.trim() === '') continue;
          const request = parseRequest(text);
          if (request !== undefined) batch.push({ line: number, ...request });
          else yield rejected({ reason: 'not a line of a log', origin: `${config.path}:${number}`, record: text });
          if (batch.length < BATCH) continue;
          yield batch;
          yield checkpoint(number);
          batch = [];
        }
        yield batch;
      },
    }),
  }),
});
