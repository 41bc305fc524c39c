import { defineSource, inferred, isAriesError } from '@aries-data/sdk';
import { type SourceConfig, sourceConfig } from '../config.ts';
import { arrivingFiles } from './arriving/arriving-files.ts';
import { arrivingPosition } from './arriving/arriving-position.ts';
import { readArriving } from './arriving/read-arriving.ts';
import { locate } from './locations/locate.ts';
import { isTemplate } from './locations/path-template.ts';
import { probe } from './locations/source-file.ts';
import { checkPartitions, partitionFiles } from './partition-files.ts';
import { positionSchema, readFiles } from './read-files.ts';
import { streamName } from './stream-name.ts';

/** Reads JSON, ndjson and csv files from any location as one stream. */
export const source = defineSource({
  config: sourceConfig,

  async check({ config, signal }) {
    if (config.incremental) return checkArriving(config, signal);
    const { files, close } = await locate(config, 'all', signal).catch(noneIfNotReady);
    try {
      for (const file of files) await probe(file, signal);
    } finally {
      await close();
    }
  },

  streams({ config, stream }) {
    const shared = {
      inference: { dates: config.types !== 'text', nonFinite: config.allowNaN },
    };
    return {
      [config.stream ?? streamName(config.url)]: config.incremental
        ? stream({ ...shared, schema: inferred, state: 'position', position: arrivingPosition, read: readArriving })
        : stream({
            ...shared,
            schema: inferred,
            byInterval: urlsOf(config).some(isTemplate),
            position: positionSchema,
            read: readFiles,
            partitions: partitionFiles,
            checkPartitions,
          }),
    };
  },
});

function urlsOf({ url }: Pick<SourceConfig, 'url'>): readonly string[] {
  return typeof url === 'string' ? [url] : url;
}

/** Lists all files and opens the first. There may be none yet. */
async function checkArriving(config: SourceConfig, signal: AbortSignal): Promise<void> {
  const files = await arrivingFiles(config);
  try {
    for await (const [first] of files.list(signal)) {
      if (first === undefined) continue;
      await probe(files.file(first.name), signal);
      return;
    }
  } finally {
    await files.close();
  }
}

/** Files of an interval may not have arrived yet. */
function noneIfNotReady(error: unknown): Awaited<ReturnType<typeof locate>> {
  if (isAriesError(error) && error.code === 'INPUT_NOT_READY') return { files: [], close: async () => {} };
  throw error;
}
