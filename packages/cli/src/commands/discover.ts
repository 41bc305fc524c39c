import type { DiscoveredStream } from '@aries-data/engine';
import { AriesCommand } from '../base-command.ts';
import * as flag from '../flags.ts';
import { type Page, table } from '../report/table.ts';

export default class Discover extends AriesCommand {
  static override summary = 'Print the streams of a source, with schema, primary key and cursor';
  static override args = { connector: flag.connectorArg };
  static override flags = flag.withEnvironment({ config: flag.config });
  static override examples = ['<%= config.bin %> discover postgres --config @postgres.yaml'];

  override async run() {
    const { args, flags } = await this.parse(Discover);
    const { discover } = await import('@aries-data/engine');
    const { signal, log, redactor } = this.session;
    return discover({ source: await this.session.connectorUse(args.connector, flags.config), signal, log, redactor });
  }

  override present({ streams }: { streams: DiscoveredStream[] }, page: Page): string {
    const rows = streams.map(({ name, schema, primaryKey, cursor }) => [
      name,
      schema === null ? 'inferred' : Object.keys(schema.properties).join(', '),
      primaryKey.join(', '),
      cursor ?? '',
    ]);
    return table(['STREAM', 'FIELDS', 'PRIMARY KEY', 'CURSOR'], rows, page);
  }
}
