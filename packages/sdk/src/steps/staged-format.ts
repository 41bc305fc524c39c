import type { StagedFormat } from '../formats/format.ts';
import type { SelectedStream } from './select-streams.ts';
import type { ExtractOptions } from './step.ts';

/** The format asked for; else what the stream produces cheapest, and of that what the destination likes best. */
export function stagedFormatOf(
  { stream, schema }: SelectedStream,
  {
    stagedFormat,
    preferFormats = [],
    transforms = [],
  }: Pick<ExtractOptions, 'stagedFormat' | 'preferFormats' | 'transforms'>,
): StagedFormat {
  if (stagedFormat !== undefined) return stagedFormat;
  const encoded = stream.readEncoded?.formats ?? [];
  if (transforms.length === 0 && encoded.length > 0)
    return preferFormats.find((format) => encoded.includes(format)) ?? encoded[0]!;
  const known =
    schema !== null &&
    transforms.every(
      ({ connector }) => connector.transform?.output !== undefined || connector.transform?.schema !== undefined,
    );
  return known && preferFormats.includes('csv') ? 'csv' : 'ndjson';
}
