import { describe, inject } from 'vitest';
import { describeRelations } from '../../connectors/postgres/src/testing/relation-suite.ts';
import { describeTypes } from '../../connectors/postgres/src/testing/type-suite.ts';
import { isPgcopyType } from '../../packages/formats/src/pgcopy/types.ts';
import { freshDatabase } from '../services/database.ts';
import { noService } from '../services/no-service.ts';

const postgres15 = inject('postgres15');

describe('PostgreSQL 15', () => {
  if (postgres15.state === 'ready') {
    describe('types', () => describeTypes(() => freshDatabase(postgres15.url), isPgcopyType));
    describe('relations', () => describeRelations(() => freshDatabase(postgres15.url)));
    return;
  }
  noService('starts', postgres15);
});
