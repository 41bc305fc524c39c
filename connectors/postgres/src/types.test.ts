import { isPgcopyType } from '../../../packages/sdk/src/formats/pgcopy-types.ts';
import { freshDatabase } from '../../../test/services/database.ts';
import { describeTypes } from './testing/type-suite.ts';

describeTypes(() => freshDatabase(), isPgcopyType);
