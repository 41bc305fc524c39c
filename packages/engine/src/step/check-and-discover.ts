import type { ConnectorRole, RecordSchema } from '@aries-data/sdk';
import type { Backlog } from '@aries-data/sdk/internal';
import { backlogOf } from './backlog.ts';
import { selectStreams, streamsOf } from './select-streams.ts';
import { guarded, openRole, stepContext } from './step-context.ts';
import type { ConnectorUse, StepOptions } from './step-options.ts';

/**
 * Checks that a connector's config is valid and its system can be reached. Throws an AriesError if not. `backlog` is what a source keeps
 * for its reader.
 *
 * @example
 * await check({ use: { connector, config: { url: 'cities.json' } }, role: 'source' });
 */
export async function check(
  options: StepOptions & { use: ConnectorUse; role?: ConnectorRole | undefined },
): Promise<{ ok: true; connector: string; checked: ConnectorRole[]; backlog: Backlog[] }> {
  const { connector } = options.use;
  const context = stepContext('check', { ...options, name: connector.name }, connector.name);
  return guarded(context, { connector: connector.name }, async () => {
    const roles = (['source', 'transform', 'destination'] as const).filter(
      (role) => connector[role] !== undefined && (options.role ?? role) === role,
    );
    const checked: ConnectorRole[] = [];
    const backlog: Backlog[] = [];
    const [first = 'source'] = roles;
    for (const role of roles.length === 0 ? [first] : roles) {
      const { definition, ...opened } = openRole(role, options.use, context);
      if ('check' in definition && definition.check !== undefined) await definition.check(opened.ctx);
      if ('backlog' in definition) backlog.push(...(await backlogOf({ definition, ...opened })));
      checked.push(role);
    }
    return { ok: true as const, connector: connector.name, checked, backlog };
  });
}

/** Stream that `discover` found. */
export interface DiscoveredStream {
  name: string;
  /** `null` if it is inferred from the records. */
  schema: RecordSchema | null;
  primaryKey: readonly string[];
  cursor?: string;
}

/**
 * Lists the streams of a source, with schema, primary key and cursor.
 *
 * @example
 * const { streams } = await discover({ source: { connector, config: { url: 'cities.json' } } });
 * for (const { name, primaryKey, cursor } of streams) console.log(name, primaryKey, cursor);
 */
export async function discover(
  options: StepOptions & { source: ConnectorUse },
): Promise<{ ok: true; connector: string; streams: DiscoveredStream[] }> {
  const { connector } = options.source;
  const context = stepContext('discover', { ...options, name: connector.name }, connector.name);
  return guarded(context, { connector: connector.name }, async () => {
    const source = openRole('source', options.source, context);
    const streams = await streamsOf(source);
    const described = Object.keys(streams).length === 0 ? [] : selectStreams(streams, undefined, connector.name);
    return {
      ok: true as const,
      connector: connector.name,
      streams: described.map(({ name, schema, primaryKey, cursor }) => ({
        name,
        schema,
        primaryKey,
        ...(cursor === undefined ? {} : { cursor }),
      })),
    };
  });
}
