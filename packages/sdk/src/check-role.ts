import {
  checkedList,
  checkFields,
  checkFunction,
  checkListOf,
  checkOneOf,
  checkZod,
  described,
  invalid,
  isShape,
  isZod,
  type Place,
  requireMember,
  type Shape,
  within,
} from './check-shape.ts';
import { inferred } from './schema.ts';

/** Roles of a connector. */
export type ConnectorRole = 'source' | 'transform' | 'destination';

const FORMATS = ['csv', 'ndjson', 'pgcopy'];
const DISPOSITIONS = ['append', 'replace', 'replace-interval', 'merge', 'history'];
const DELIVERIES = ['transactional', 'idempotent', 'at-least-once'];

/**
 * Checks the argument of a `define…` function, for authors who write JavaScript or cast types away. Throws `CONNECTOR_INVALID` naming
 * the member. `connector` is known once the module is loaded.
 */
export function checkRole(role: ConnectorRole, definition: unknown, connector?: string): void {
  const define = `define${role[0]!.toUpperCase()}${role.slice(1)}`;
  const place: Place = { where: connector === undefined ? define : `${connector}: ${role}`, connector };
  if (!isShape(definition)) invalid(place, `was given ${described(definition)}`, `Write: ${define}({ … })`);
  checkZod(place, definition, 'config');
  checkFunction(place, definition, 'check');
  if (definition.http !== undefined && typeof definition.http !== 'function' && !isShape(definition.http))
    invalid(
      within(place, 'http'),
      `is ${described(definition.http)}`,
      'Write: http: { baseUrl: … }, or a function of the config.',
    );
  CHECKS[role](place, definition);
}

const CHECKS: Record<ConnectorRole, (place: Place, definition: Shape) => void> = {
  source(place, definition) {
    requireMember(place, definition, 'config', 'Write: config: z.object({ … }), empty if there are no options.');
    requireMember(place, definition, 'streams', 'Write: streams: ({ stream }) => ({ things: stream({ … }) })');
    checkFunction(place, definition, 'streams');
    checkFunction(place, definition, 'backlog');
    checkFunction(place, definition, 'forget');
  },

  transform(place, definition) {
    for (const name of ['map', 'schema', 'keys', 'apply']) checkFunction(place, definition, name);
    for (const name of ['input', 'output']) checkZod(place, definition, name);
    if (definition.scope !== undefined) checkOneOf(within(place, 'scope'), definition.scope, ['batch', 'dataset']);
    if (definition.apply === undefined) {
      requireMember(place, definition, 'map', 'Write: map(record) { … }, or apply(batches) with a scope and a schema.');
      return;
    }
    if (definition.map !== undefined)
      invalid(place, 'has both "map" and "apply"', 'Keep one: map for single records, apply for batches.');
    requireMember(
      place,
      definition,
      'schema',
      'Return the schema of the outgoing records. If the fields stay the same, write: schema: (input) => input',
    );
    requireMember(
      place,
      definition,
      'scope',
      'Write: scope: "batch" (one batch at a time) or scope: "dataset" (the whole stream)',
    );
  },

  destination(place, definition) {
    requireMember(place, definition, 'config', 'Write: config: z.object({ … }), empty if there are no options.');
    requireMember(place, definition, 'open', 'Write: async open(ctx) { … }, which returns a load session.');
    checkFunction(place, definition, 'open');
    requireMember(
      place,
      definition,
      'formats',
      'List the staged formats that writePart accepts. If there are none, write: formats: []',
    );
    checkListOf(place, definition, 'formats', FORMATS);
    requireMember(place, definition, 'dispositions', 'List the dispositions it supports: dispositions: ["append"]');
    checkListOf(place, definition, 'dispositions', DISPOSITIONS);
    if (checkedList(place, definition, 'dispositions').length === 0)
      invalid(
        within(place, 'dispositions'),
        'is empty',
        `List the dispositions it supports: ${DISPOSITIONS.join(', ')}.`,
      );
    if (definition.deletes !== undefined) checkListOf(place, definition, 'deletes', ['hard', 'soft']);
    requireMember(place, definition, 'delivery', `Write: delivery: one of ${DELIVERIES.join(', ')}.`);
    checkOneOf(within(place, 'delivery'), definition.delivery, DELIVERIES);
  },
};

/** Checks the streams that a source returns. Throws `CONNECTOR_INVALID` naming connector, stream and member. */
export function checkStreams(connector: string, streams: unknown): void {
  const place: Place = { where: `${connector}: streams`, connector };
  if (!isShape(streams)) invalid(place, `returns ${described(streams)}`, 'Return an object: { things: stream({ … }) }');
  for (const [name, stream] of Object.entries(streams)) checkStream(connector, name, stream);
}

function checkStream(connector: string, name: string, stream: unknown): void {
  const place: Place = { where: `${connector}: streams.${name}`, connector, stream: name };
  if (!isShape(stream)) invalid(place, `is ${described(stream)}`, 'Write: stream({ schema, read })');
  if (stream.read === undefined && stream.readEncoded === undefined) {
    const without = { ...stream, readEncoded: undefined };
    requireMember(place, without, 'read', 'Write: async *read(ctx) { yield records; }');
  }
  checkFunction(place, stream, 'read');
  checkFunction(place, stream, 'partitions');
  checkEncoded(place, stream.readEncoded);
  requireMember(
    place,
    stream,
    'schema',
    'Write: schema: z.object({ … }), or schema: inferred if only the records show it.',
  );
  checkZod(place, stream, 'position');
  checkKeys(place, stream);
  if (stream.pushdown !== undefined) checkListOf(place, stream, 'pushdown', ['columns', 'where']);
  checkChanges(place, stream);
}

function checkChanges(place: Place, stream: Shape): void {
  checkFunction(place, stream, 'released');
  if (stream.changeLog !== undefined && !isShape(stream.changeLog))
    invalid(
      within(place, 'changeLog'),
      `is ${described(stream.changeLog)}`,
      'Write: changeLog: { async *read(ctx) { … } }',
    );
  if (stream.state !== undefined) checkOneOf(within(place, 'state'), stream.state, ['position']);
  if (stream.firstRead !== undefined) checkOneOf(within(place, 'firstRead'), stream.firstRead, ['snapshot']);
  if (
    stream.changes === true &&
    (stream.primaryKey === undefined || checkedList(place, stream, 'primaryKey').length === 0)
  )
    invalid(place, 'has "changes" and no "primaryKey"', 'Name the fields that identify a record: primaryKey: ["id"]');
  if (stream.state === 'position' && stream.cursor !== undefined)
    invalid(
      place,
      'has a "cursor" and state: "position"',
      'Keep one: its state is either a cursor value or a position.',
    );
  const needing = ['firstRead', 'unbounded', 'changeLog', 'released'].find((name) => stream[name] !== undefined);
  if (needing !== undefined && stream.state !== 'position')
    invalid(
      place,
      `has "${needing}", which needs state: "position"`,
      `Write: state: 'position', or leave out ${needing}.`,
    );
}

function checkEncoded(place: Place, encoded: unknown): void {
  if (encoded === undefined) return;
  const own = within(place, 'readEncoded');
  if (!isShape(encoded)) invalid(own, `is ${described(encoded)}`, 'Write: { formats, exactWindow: true, open }');
  requireMember(own, encoded, 'formats', 'List the formats it can produce, cheapest first.');
  checkListOf(own, encoded, 'formats', FORMATS);
  requireMember(own, encoded, 'open', 'Write: async *open(ctx) { yield { body, done }; }');
  checkFunction(own, encoded, 'open');
  if (encoded.exactWindow !== true)
    invalid(
      within(own, 'exactWindow'),
      `is ${described(encoded.exactWindow)}`,
      'Produce only rows within the window, and promise it with exactWindow: true. The engine cannot look inside encoded rows.',
    );
}

function checkKeys(place: Place, stream: Shape): void {
  const { schema, cursor } = stream;
  const keys = stream.primaryKey === undefined ? [] : checkedList(place, stream, 'primaryKey');
  if (schema === inferred) return;
  const own = within(place, 'schema');
  const properties = isZod(schema) ? schema._zod.def.shape : isShape(schema) ? schema.properties : undefined;
  if (!isShape(properties))
    invalid(
      own,
      `is ${described(schema)}${isShape(schema) ? ' without fields' : ''}`,
      'Write: schema: z.object({ … })',
    );
  const fields = Object.keys(properties);
  checkFields(within(place, 'primaryKey'), keys, fields);
  if (cursor !== undefined) checkFields(within(place, 'cursor'), [cursor], fields);
}
