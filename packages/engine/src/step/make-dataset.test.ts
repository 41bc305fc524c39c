import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineTransform, type JsonRecord } from '@aries-data/sdk';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { recordsConnector } from '../../../testing/src/records-source.ts';
import { extract } from '../extract/extract.ts';
import { transform } from '../transform/transform.ts';
import type { StepOptions } from './step-options.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});

const keepFirst = {
  name: 'keep-first',
  version: '1.0.0',
  transform: defineTransform({ config: z.object({}), map: (record: JsonRecord) => (record.id === 1 ? record : null) }),
};

describe('a finished step is checked against the thresholds of each call', () => {
  const steps = {
    extract: (staging: string, records: JsonRecord[], options: StepOptions) =>
      extract({
        source: { connector: recordsConnector({ records }), config: {} },
        staging,
        name: 'job',
        runId: 'r1',
        ...options,
      }),
    async transform(staging: string, records: JsonRecord[], options: StepOptions) {
      const { dataset } = await steps.extract(staging, records, {});
      return transform({ transform: { connector: keepFirst, config: {} }, input: [dataset], staging, ...options });
    },
  };

  test.each(['extract', 'transform'] as const)('by %s', async (step) => {
    const staging = pathToFileURL(join(folder, step)).href;
    const again = (options: StepOptions) => steps[step](staging, [], options);
    const first = await again({});
    expect((await again({})).dataset).toBe(first.dataset);
    await expect(again({ skipEmpty: true })).rejects.toMatchObject({ code: 'NOTHING_TO_DO', exitCode: 99 });
    await expect(again({ minRecords: 1 })).rejects.toMatchObject({ code: 'RECORDS_TOO_FEW', exitCode: 65 });
  });

  test('a transform with different inputs is refused', async () => {
    const staging = pathToFileURL(join(folder, 'others')).href;
    await steps.transform(staging, [{ id: 1 }, { id: 2 }], {});
    const other = { ...keepFirst, version: '1.0.1' };
    const { dataset } = await steps.extract(staging, [{ id: 1 }, { id: 2 }], {});
    await expect(
      transform({ transform: { connector: other, config: {} }, input: [dataset], staging }),
    ).rejects.toMatchObject({
      code: 'FINGERPRINT_DIFFERS',
      message: expect.stringContaining('Step keep-first of run r1 was run with different inputs'),
    });
  });
});
