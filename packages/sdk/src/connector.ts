import { type ConnectorRole, checkRole } from './check-role.ts';
import { API_VERSION } from './context.ts';
import type { Destination } from './destination.ts';
import { AriesError } from './errors.ts';
import type { Source } from './source.ts';
import type { Transform } from './transform.ts';

/** A connector: the source, transform and destination that its module exports. At least one of them is set. */
export interface Connector {
  name: string;
  version: string;
  source?: Source;
  transform?: Transform;
  destination?: Destination;
}

const ROLES: readonly ConnectorRole[] = ['source', 'transform', 'destination'];

/**
 * Reads a connector from the exports of its module.
 * Throws `CONNECTOR_INVALID` if it exports no source, transform or destination, or one for another version of the contract.
 *
 * @example
 * const connector = connectorOf({ source }, { name: 'issues', version: '1.0.0' });
 */
export function connectorOf(exports: Record<string, unknown>, identity: { name: string; version: string }): Connector {
  const connector: Connector = { ...identity };
  for (const role of ROLES) {
    const definition = exports[role] as { apiVersion?: unknown; role?: unknown } | undefined;
    if (definition === undefined) continue;
    if (definition.role !== role) {
      throw new AriesError(
        'CONNECTOR_INVALID',
        `${identity.name}: its export "${role}" was not made by define${role[0]!.toUpperCase()}${role.slice(1)}`,
        {
          connector: identity.name,
          hint: `Write: export const ${role} = define${role[0]!.toUpperCase()}${role.slice(1)}({ … })`,
        },
      );
    }
    if (definition.apiVersion !== API_VERSION) {
      throw new AriesError(
        'CONNECTOR_INVALID',
        `${identity.name} implements version ${String(definition.apiVersion)} of the connector contract, but Aries expects version ${API_VERSION}`,
        {
          connector: identity.name,
          hint: 'Update the connector or Aries, so that both use the same version.',
        },
      );
    }
    checkRole(role, definition, identity.name);
    Object.assign(connector, { [role]: definition });
  }
  if (!connector.source && !connector.transform && !connector.destination) {
    throw new AriesError('CONNECTOR_INVALID', `${identity.name} exports no source, transform or destination`, {
      connector: identity.name,
      hint: 'Export a const named source, transform or destination, made by defineSource, defineTransform or defineDestination.',
    });
  }
  return connector;
}
