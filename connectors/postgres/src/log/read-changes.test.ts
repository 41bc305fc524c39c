import { describeChanges } from '../testing/log/changes-suite.ts';
import { startLogServer } from '../testing/log/log-database.ts';

describeChanges(startLogServer);
