import { notPgcopy, pgcopyObstacle } from '@aries-data/formats/internal';
import { fieldsOf, type StagedFormat } from '@aries-data/sdk';
import type { SelectedStream } from '../step/select-streams.ts';
import type { ExtractOptions } from '../step/step-options.ts';
import type { StreamWindow } from './stream-window.ts';

/**
 * Chooses the format of a stream: the requested one, or of those that the stream produces most cheaply the one that the destination
 * prefers. The choice depends on types and connectors only, never on the target: a retry must stage in the same format. Throws
 * `CONFIG_INVALID` if pgcopy is requested and does not support the type of a column. Changes are never encoded by the source.
 */
export function stagedFormatOf(
  { stream, schema, as }: SelectedStream,
  { mode }: Pick<StreamWindow, 'mode'>,
  {
    stagedFormat,
    preferFormats = [],
    transforms = [],
  }: Pick<ExtractOptions, 'stagedFormat' | 'preferFormats' | 'transforms'>,
): StagedFormat {
  const isChanges = stream.changes === true && mode !== 'full';
  const obstacle = isChanges
    ? 'it brings changes'
    : schema === null
      ? 'its schema is inferred'
      : pgcopyObstacle(fieldsOf(schema));
  if (stagedFormat === 'pgcopy' && transforms.length === 0 && obstacle !== undefined) throw notPgcopy(obstacle, as);
  if (stagedFormat !== undefined) return stagedFormat;
  const encoded = stream.readEncoded?.formats.filter((format) => format !== 'pgcopy' || obstacle === undefined) ?? [];
  if (transforms.length === 0 && encoded.length > 0 && !isChanges)
    return preferFormats.find((format) => encoded.includes(format)) ?? encoded[0]!;
  const known =
    schema !== null &&
    transforms.every(
      ({ connector }) => connector.transform?.output !== undefined || connector.transform?.schema !== undefined,
    );
  return known && preferFormats.includes('csv') ? 'csv' : 'ndjson';
}
