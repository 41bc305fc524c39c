import { notPgcopy, pgcopyObstacle } from '@aries-data/formats/internal';
import { fieldsOf, type StagedFormat } from '@aries-data/sdk';
import type { SelectedStream } from '../step/select-streams.ts';
import type { ExtractOptions } from '../step/step-options.ts';

/**
 * The format asked for; else what the stream produces cheapest, and of that what the destination likes best. It depends on types and
 * connectors alone, never on what the target is like: the same run must stage the same way when it is tried again. Throws
 * `CONFIG_INVALID` where pgcopy is asked for and a column's type is not on its whitelist.
 */
export function stagedFormatOf(
  { stream, schema, as }: SelectedStream,
  {
    stagedFormat,
    preferFormats = [],
    transforms = [],
  }: Pick<ExtractOptions, 'stagedFormat' | 'preferFormats' | 'transforms'>,
): StagedFormat {
  const obstacle = schema === null ? 'its schema is inferred' : pgcopyObstacle(fieldsOf(schema));
  if (stagedFormat === 'pgcopy' && transforms.length === 0 && obstacle !== undefined) throw notPgcopy(obstacle, as);
  if (stagedFormat !== undefined) return stagedFormat;
  const encoded = stream.readEncoded?.formats.filter((format) => format !== 'pgcopy' || obstacle === undefined) ?? [];
  if (transforms.length === 0 && encoded.length > 0)
    return preferFormats.find((format) => encoded.includes(format)) ?? encoded[0]!;
  const known =
    schema !== null &&
    transforms.every(
      ({ connector }) => connector.transform?.output !== undefined || connector.transform?.schema !== undefined,
    );
  return known && preferFormats.includes('csv') ? 'csv' : 'ndjson';
}
