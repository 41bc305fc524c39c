import { defineConformance } from '@aries-data/testing';
import { account, credentials, stubbedSalesforce } from './src/testing/stubbed-salesforce.ts';

export const source = defineConformance({
  config: { ...credentials, api: 'rest', deletes: true },
  setup: () => stubbedSalesforce(),
  // Each step adds a record with the latest timestamp so far, adds one after that, changes the first and deletes another. The last
  // step takes one out of the recycle bin.
  mutate(step, { objects }) {
    const { records } = objects.Account!;
    records[0] = account(0, 30 + step);
    records[step] = { ...account(step, 30 + step), IsDeleted: true };
    if (step === 3) records[1] = account(1, 30 + step);
    records.push(account(100 + step, 29 + step), account(200 + step, 30 + step));
  },
});
