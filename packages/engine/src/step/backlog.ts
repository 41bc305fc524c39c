import { AriesError, type Source, toAriesError } from '@aries-data/sdk';
import type { Backlog } from '@aries-data/sdk/internal';
import type { OpenedRole } from './step-context.ts';

/** Asks a source what it keeps for its reader. Throws its errors, and `CONNECTOR_INVALID` if the answer makes no sense. */
export async function backlogOf({ definition, ctx, name: connector }: OpenedRole<Source>): Promise<Backlog[]> {
  const found = (await definition.backlog?.(ctx)) ?? [];
  for (const { name, bytes = 0, records = 0 } of found) {
    if (typeof name === 'string' && bytes >= 0 && records >= 0) continue;
    throw new AriesError(
      'CONNECTOR_INVALID',
      `${connector}: "backlog" returned ${JSON.stringify({ name, bytes, records })}`,
      {
        connector,
        hint: 'Return { name, bytes } or { name, records } for each thing that the source keeps.',
      },
    );
  }
  return found;
}

/** Returns the backlog as a member of a result, if there is any. A failure is only logged, because the step itself has worked. */
export async function backlogIfAny(source: OpenedRole<Source>): Promise<{ backlog?: Backlog[] }> {
  try {
    const backlog = await backlogOf(source);
    for (const { warning } of backlog) if (warning !== undefined) source.ctx.log.warn(warning);
    return backlog.length === 0 ? {} : { backlog };
  } catch (error) {
    const { message, hint } = toAriesError(error);
    source.ctx.log.warn(`What the source keeps could not be measured: ${message}`, { hint });
    return {};
  }
}
