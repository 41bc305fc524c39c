import { describeFirstRead } from '../testing/log/first-read-suite.ts';
import { startLogServer } from '../testing/log/log-database.ts';

describeFirstRead(startLogServer);
