import pg from 'pg';
import type { SourceConfig } from '../config.ts';
import type { LogCatalog } from './log-table.ts';
import type { LogPosition } from './position.ts';
import { lost } from './slot.ts';
import { isVisible } from './visible.ts';

/**
 * Throws `POSITION_LOST` (78) unless a table was published all the time since the position. The log does not say when a table is dropped
 * and made anew, or taken out of the publication for a while, but the catalog shows which transaction made what is there now.
 */
export function checkContinuity(
  stream: string,
  position: LogPosition,
  catalog: LogCatalog,
  config: SourceConfig,
): void {
  const { publication, snapshot: now } = catalog;
  const table = catalog.tables.get(stream);
  const existed = (xmin: string) => isVisible(xmin, position.snapshot, now);
  if (table === undefined) throw lost(`the table "${stream}" is gone`, '', stream);
  if (!existed(table.created))
    throw lost(`the table "${stream}" was dropped and made anew after the state`, '', stream);
  if (publication === undefined)
    throw lost(`the publication of "${stream}" is gone, so its changes are missing`, '', stream);
  if (table.published === undefined) {
    throw lost(
      `"${stream}" was taken out of the publication "${publication.name}", so its changes are missing`,
      config.publication === undefined
        ? ''
        : `Before that, run ALTER PUBLICATION ${pg.escapeIdentifier(publication.name)} ADD TABLE ${pg.escapeIdentifier(config.schema)}.${pg.escapeIdentifier(stream)}.`,
      stream,
    );
  }
  if (!existed(publication.changed))
    throw lost(`the publication "${publication.name}" was made or changed after the state`, '', stream);
  if (!publication.allTables && !table.published.since.some(existed))
    throw lost(`"${stream}" was put into the publication "${publication.name}" after the state`, '', stream);
}
