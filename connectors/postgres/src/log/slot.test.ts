import { startLogServer } from '../testing/log/log-database.ts';
import { describeSlot } from '../testing/log/slot-suite.ts';

describeSlot(startLogServer);
