import { freshDatabase } from '../../../../test/services/database.ts';
import { describeRelations } from '../testing/relation-suite.ts';

describeRelations(() => freshDatabase());
