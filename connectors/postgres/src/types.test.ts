import { isPgcopyType } from '../../../packages/formats/src/pgcopy/types.ts';
import { freshDatabase } from '../../../test/services/database.ts';
import { describeTypes } from './testing/type-suite.ts';

describeTypes(() => freshDatabase(), isPgcopyType);
