import { defineConformance } from '@aries-data/testing';
import { account, credentials, stubbedSalesforce } from './src/testing/stubbed-salesforce.ts';

export const source = defineConformance({
  config: { ...credentials, api: 'rest', deleted: true },
  setup: () => stubbedSalesforce(),
  // Each step adds one at the latest moment that is there, one behind it, and changes the first.
  mutate(step, { objects }) {
    const { records } = objects.Account!;
    records[0] = account(0, 30 + step);
    records.push(account(100 + step, 29 + step), account(200 + step, 30 + step));
  },
});
