import { describeRelations } from './testing/relation-suite.ts';

describeRelations();
