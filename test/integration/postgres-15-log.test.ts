import { describe, inject } from 'vitest';
import { describeChanges } from '../../connectors/postgres/src/testing/log/changes-suite.ts';
import { describeColumns } from '../../connectors/postgres/src/testing/log/columns-suite.ts';
import { describeFirstRead } from '../../connectors/postgres/src/testing/log/first-read-suite.ts';
import { LOG_SETTINGS } from '../../connectors/postgres/src/testing/log/log-database.ts';
import { describeSlot } from '../../connectors/postgres/src/testing/log/slot-suite.ts';
import { describeLogTypes } from '../../connectors/postgres/src/testing/log/types-suite.ts';
import { noService } from '../services/no-service.ts';
import { startPostgres15 } from '../services/postgres-15.ts';

const postgres15 = inject('postgres15');

describe('the log of PostgreSQL 15', () => {
  if (postgres15.state !== 'ready') {
    noService('starts', postgres15);
    return;
  }
  const start = () => startPostgres15({ settings: LOG_SETTINGS });
  describe('changes', () => describeChanges(start));
  describe('columns', () => describeColumns(start));
  describe('first reads', () => describeFirstRead(start));
  describe('slots', () => describeSlot(start));
  describe('types', () => describeLogTypes(start));
});
