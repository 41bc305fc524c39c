import { type ConnectorUse, parseConfig } from '@aries-data/engine';
import type { ConnectorRole } from '@aries-data/sdk';

/** Returns the roles of a connector that accept this config, which may differ between source and destination; the first role if none does. */
export function rolesFor({ connector, config }: ConnectorUse): ConnectorRole[] {
  const own = (['source', 'transform', 'destination'] as const).filter((role) => connector[role] !== undefined);
  const fitting = own.filter((role) => {
    const schema = connector[role]?.config;
    try {
      if (schema !== undefined) parseConfig(schema, config, connector.name);
      return true;
    } catch {
      return false;
    }
  });
  return fitting.length > 0 ? fitting : own.slice(0, 1);
}
