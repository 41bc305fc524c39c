import { startLogServer } from '../testing/log/log-database.ts';
import { describeLogTypes } from '../testing/log/types-suite.ts';

describeLogTypes(startLogServer);
