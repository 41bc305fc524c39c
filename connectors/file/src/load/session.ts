import { type ConnectorContext, type LedgerRow, type LoadSession, openStore } from '@aries-data/sdk';
import type { DestinationConfig } from '../config.ts';
import { type FileLoad, openFileLoad } from './file-load.ts';
import { addedFileName, fileName } from './file-name.ts';
import { type LedgerFile, ledgerFile } from './ledger-file.ts';
import { hasFile } from './outlet.ts';

/**
 * A load into a folder. Files come first and the ledger after them: where a process dies in between, the dataset is loaded
 * again, into files of the same names.
 */
export async function openSession({ config, signal }: ConnectorContext<DestinationConfig>): Promise<LoadSession> {
  const store = await openStore(config.path);
  const ledger = ledgerFile(store);
  const loads = new Map<string, FileLoad>();
  const rowsOf = async (target: string) =>
    (await ledger.rows()).filter((row) => row.target === target && row.identity === fileName(target, config));

  return {
    async ledger(targets) {
      const rows = await ledger.rows();
      // Rows of another format or compression speak of other files.
      return rows.filter(({ target, identity }) => targets.includes(target) && identity === fileName(target, config));
    },

    async inspect({ target, disposition }) {
      const name = fileName(target, config);
      const adds = disposition === 'append' || (await rowsOf(target)).at(-1)?.disposition === 'append';
      // Whoever takes added files away leaves the target as it is: the place to which the next is added.
      return { exists: adds || (await hasFile(store, name)), identity: name, changes: [] };
    },

    async open(target, reject) {
      const load = await openFileLoad({ store, config, target, signal, reject });
      loads.set(target.target, load);
      return load;
    },

    async commit(rows) {
      for (const { target, digest, disposition } of rows) {
        await loads.get(target)!.publish(digest);
        loads.delete(target);
        if (disposition === 'replace') await store.remove(await addedFiles(ledger, target, config));
      }
      await ledger.append(rows.map((row) => ({ ...row, identity: fileName(row.target, config) })));
    },

    forget: (pipeline) => ledger.forget(pipeline),

    async close() {
      for (const load of loads.values()) await load.discard();
      loads.clear();
      await store.close();
    },
  };
}

/** The files that were added to a target since it was last replaced. */
async function addedFiles(ledger: LedgerFile, target: string, config: DestinationConfig): Promise<string[]> {
  const rows = (await ledger.rows()).filter(
    (row) => row.target === target && row.identity === fileName(target, config),
  );
  const replaced = rows.findLastIndex((row: LedgerRow) => row.disposition === 'replace');
  return rows.slice(replaced + 1).map(({ digest }) => addedFileName(target, digest, config));
}
