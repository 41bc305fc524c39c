import { defineSource, inferred } from '@aries-data/sdk';
import { sourceConfig } from '../config.ts';
import { locate } from './locations/locate.ts';
import { probe } from './locations/source-file.ts';
import { checkPartitions, partitionFiles } from './partition-files.ts';
import { positionSchema, readFiles } from './read-files.ts';
import { streamName } from './stream-name.ts';

/** Reads JSON, ndjson and csv files from any location as one stream. */
export const source = defineSource({
  config: sourceConfig,

  async check({ config, signal }) {
    const { files, close } = await locate(config.url);
    try {
      for (const file of files) await probe(file, signal);
    } finally {
      await close();
    }
  },

  streams: ({ config, stream }) => ({
    [config.stream ?? streamName(config.url)]: stream({
      schema: inferred,
      inference: { dates: config.types !== 'text', nonFinite: config.allowNaN },
      position: positionSchema,
      read: readFiles,
      partitions: partitionFiles,
      checkPartitions,
    }),
  }),
});
