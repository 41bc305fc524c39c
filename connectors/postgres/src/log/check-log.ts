import type { ConnectorContext } from '@aries-data/sdk';
import type { SourceConfig } from '../config.ts';
import type { Session } from '../connect/connect.ts';
import { checkConfig } from './log-config.ts';
import { readCatalog } from './log-table.ts';
import { checkPublication } from './publication.ts';
import { checkServer } from './server.ts';
import { checkSlot, findSlot } from './slot.ts';
import { openWalSession } from './wal-session.ts';

/** Checks that the log can be read, as far as that shows before the first read. Throws AriesError. */
export async function checkLog(
  session: Session,
  { config, signal }: Pick<ConnectorContext<SourceConfig>, 'config' | 'signal'>,
): Promise<void> {
  const { slot, publication } = checkConfig(config);
  await checkServer(session);
  const found = await findSlot(session, slot);
  if (found !== undefined) checkSlot(found, slot, found.confirmed);
  if (config.publication !== undefined)
    checkPublication(config, await readCatalog(session, { schema: config.schema, publication, tables: [] }));
  const wal = await openWalSession(config, signal);
  await wal.end();
}
