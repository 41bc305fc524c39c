import { notPgcopy, pgcopyObstacle } from '@aries-data/formats/internal';
import { fieldsOf, type StagedFormat } from '@aries-data/sdk';
import type { SelectedStream } from '../step/select-streams.ts';
import type { ExtractOptions } from '../step/step-options.ts';

/**
 * Chooses the format of a stream: the requested one, or of those that the stream produces most cheaply the one that the destination
 * prefers. The choice depends on types and connectors only, never on the target: a retry must stage in the same format. Throws
 * `CONFIG_INVALID` if pgcopy is requested and does not support the type of a column.
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
