/**
 * Reads all changes that a slot holds as records, from where it is confirmed, and drops them.
 *
 *     node bench/read-log.ts CONFIG
 */
import pg from 'pg';
import { sourceConfig } from '../connectors/postgres/src/config.ts';
import { source } from '../connectors/postgres/src/source/source.ts';
import { isCheckpoint } from '../packages/sdk/src/records.ts';
import { noHttp } from '../packages/testing/src/index.ts';

const config = sourceConfig.parse(JSON.parse(process.argv[2]!));
const log = { debug() {}, info() {}, warn() {}, error() {} };
const common = { config, log, http: noHttp, signal: new AbortController().signal };
const streams = await source.streams({ ...common, stream: ((one: unknown) => one) as never });
const client = new pg.Client(config.url);
await client.connect();
const { rows } = await client.query(
  `SELECT confirmed_flush_lsn::text AS lsn, system_identifier::text AS system, pg_current_snapshot()::text AS snapshot
     FROM pg_replication_slots, pg_control_system() WHERE slot_name = $1`,
  [config.slot],
);
await client.end();
const [position] = rows;
const [[name, { changeLog, primaryKey }]] = Object.entries(streams) as [[string, (typeof streams)[string]]];
const stream = { ...common, stream: name!, window: {}, primaryKey: primaryKey!, position };
const items = changeLog!.read({
  ...common,
  streams: new Map([[name, stream]]),
  committed: new Map([[name, position]]),
});
let count = 0;
for await (const item of items) {
  if (!isCheckpoint(item) && 'item' in item) count += (item.item as { length?: number }).length ?? 1;
  else if (isCheckpoint(item) && item.caughtUp === true) break;
}
console.log(count);
