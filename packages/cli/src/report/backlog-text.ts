import type { Backlog } from '@aries-data/sdk/internal';

/** Says in one line what a source keeps for its reader, and what to do if it may drop it. */
export function backlogText({ name, bytes, records, warning }: Backlog): string {
  const amounts = [
    ...(bytes === undefined ? [] : [`${bytes} bytes`]),
    ...(records === undefined ? [] : [`${records} records`]),
  ];
  const kept = `The source keeps ${amounts.join(' and ') || 'what is not read yet'} for the ${name}.`;
  return warning === undefined ? kept : `${kept} ${warning}`;
}
