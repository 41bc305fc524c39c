import { describeTypes } from './testing/type-suite.ts';

describeTypes();
