import { isDeepStrictEqual } from 'node:util';
import { AriesError } from '@aries-data/sdk';
import type { StreamExtract } from './stream-extract.ts';

/**
 * Throws if transforms change the type of the primary key. Deleted and compared keys pass by the transforms, so they would not be found
 * in the target.
 */
export function refuseConvertedKey({ selected, chain, connector }: StreamExtract): void {
  const { primaryKey: renamed } = chain.keys();
  const { schema: before, primaryKey, as } = selected;
  const { properties } = chain.schema();
  if (before === null || Object.keys(properties).length === 0) return;
  const changed = primaryKey.find(
    (field, index) =>
      renamed[index] === undefined || !isDeepStrictEqual(before.properties[field], properties[renamed[index]]),
  );
  if (changed === undefined) return;
  throw new AriesError(
    'CONFIG_INVALID',
    `${connector}: a transform removes or converts "${changed}", which is in the primary key of "${as}"`,
    {
      connector,
      stream: as,
      hint: 'Deleted records could not be found in the target. Leave the primary key as it is, or leave out deletes: compare.',
    },
  );
}
