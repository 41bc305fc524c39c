import { describeColumns } from '../testing/log/columns-suite.ts';
import { startLogServer } from '../testing/log/log-database.ts';

describeColumns(startLogServer);
