import type { JsonRecord } from '@aries-data/sdk';
import { Flags } from '@oclif/core';
import { AriesCommand } from '../../base-command.ts';
import * as flag from '../../flags.ts';

export default class DatasetHead extends AriesCommand {
  static override summary = 'Print the first records of a stream, one line of JSON each';
  static override product = 'text' as const;
  static override args = { uri: flag.uriArg };
  static override flags = flag.withEnvironment({
    stream: flag.stream,
    records: Flags.integer({ char: 'n', summary: 'Number of records', default: 10, min: 0, helpValue: 'N' }),
  });
  static override examples = [
    '<%= config.bin %> dataset head file:///data/staging/users/1/extract/manifest.json --stream users -n 3',
  ];

  override async run() {
    const { args, flags } = await this.parse(DatasetHead);
    const [{ readDataset }, { recordWriter }] = await Promise.all([
      import('@aries-data/engine'),
      import('@aries-data/formats'),
    ]);
    const write = recordWriter();
    let left = flags.records;
    for await (const batch of await readDataset(args.uri, {
      checkFirst: true,
      ...(flags.stream === undefined ? {} : { stream: flags.stream }),
    })) {
      if (left === 0) break;
      const records = (batch as unknown[]).slice(0, left);
      left -= records.length;
      await this.session.print(records.map((record) => `${write(record as JsonRecord)}\n`).join(''));
    }
    return { ok: true };
  }
}
