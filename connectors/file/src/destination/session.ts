import type { ConnectorContext, LedgerRow, LoadSession } from '@aries-data/sdk';
import { openStore, type Store } from '@aries-data/stores';
import type { DestinationConfig } from '../config.ts';
import { type FileLoad, openFileLoad } from './file-load.ts';
import { fileName, isFileOf, waitingName } from './file-name.ts';
import { hasFile, type LedgerContents, ledgerFile, NO_STEPS } from './ledger-file.ts';

export type SessionContext = Pick<ConnectorContext<DestinationConfig>, 'config' | 'signal' | 'log'> & {
  pipeline: string;
};

/** Opens a load into the configured folder or bucket. Others can read its files as far as the process's umask allows. */
export async function openSession(context: SessionContext): Promise<LoadSession> {
  return storeSession(await openStore(context.config.path, { shared: true }), context);
}

/**
 * Opens a load into a store. Files are first written completely, but not visible. The next version of the ledger commits them; then
 * they become visible, and the files they replace are removed. If a process dies after the commit, the next load finishes its work.
 */
export function storeSession(store: Store, { config, pipeline, signal, log }: SessionContext): LoadSession {
  const ledger = ledgerFile(store, log);
  const loads = new Map<string, FileLoad>();
  // Rows of another format or compression refer to other files.
  const isOf = (targets: readonly string[]) => (row: LedgerRow) =>
    targets.includes(row.target) && row.identity === fileName(row.target, config);

  /** Lists files that other loads of this pipeline have started for these targets. None can be committed after this load is. */
  async function unfinished(targets: readonly string[]): Promise<string[]> {
    const own = new Set(targets.map((target) => loads.get(target)!.ticket));
    const found: string[] = [];
    try {
      for (const target of targets) {
        const waiting = waitingName(target, pipeline, config);
        const names = [waiting, fileName(target, config).replace(/\.[^/]*$/, '')];
        for (const { name, ticket } of (await Promise.all(names.map((one) => store.unfinished(one)))).flat()) {
          if (name === waiting || isFileOf(name, target, pipeline, config)) found.push(ticket);
        }
      }
    } catch (error) {
      log.debug(`Cannot list the leftovers of dead loads: ${(error as Error).message}`);
    }
    return found.filter((ticket) => !own.has(ticket));
  }

  return {
    ledger: async (targets) => (await ledger.rows()).filter(isOf(targets)),

    async inspect({ target, disposition }) {
      const name = fileName(target, config);
      const rows = disposition === 'append' ? [] : (await ledger.rows()).filter(isOf([target]));
      const adds = disposition === 'append' || rows.at(-1)?.disposition === 'append';
      // A target stays the same if its added files are removed: it is the place where the next one is added.
      return { exists: adds || (await hasFile(store, name)), identity: name, changes: [] };
    },

    async open(target, reject) {
      const load = await openFileLoad({ store, config, pipeline, target, signal, reject });
      loads.set(target.target, load);
      return load;
    },

    async commit(rows, confirm, dropped = []) {
      const gone = new Set(dropped.map((row) => JSON.stringify(row)));
      const targets = rows.map(({ target }) => target);
      const left = await unfinished(targets);
      await ledger.change(
        (before) => {
          confirm(before.rows.filter(isOf(targets)));
          const kept = before.rows.filter((row) => !gone.has(JSON.stringify(row)));
          const contents: LedgerContents = { ...before, rows: kept, steps: NO_STEPS };
          return rows.reduce((all, row) => withLoad(all, row, loads.get(row.target)!), contents);
        },
        // If the response to the write is lost, the files may belong to the ledger.
        (outcome) => {
          for (const target of targets) loads.get(target)!.handOver(outcome === 'begins');
        },
      );
      await store.discard(left).catch((error: Error) => {
        log.debug(`Cannot remove the leftovers of dead loads: ${error.message}`);
      });
    },

    async forget(name) {
      let count = 0;
      await ledger.change((before) => {
        const rows = before.rows.filter((row) => row.pipeline !== name);
        count = before.rows.length - rows.length;
        return count === 0 ? undefined : { ...before, rows, steps: NO_STEPS };
      });
      return count;
    },

    async close() {
      for (const load of loads.values()) await load.discard();
      loads.clear();
      await store.close();
    },
  };

  /** Returns the ledger with one more load, which removes the files it replaces or adds files to the others. */
  function withLoad({ rows, files, steps }: LedgerContents, row: LedgerRow, load: FileLoad): LedgerContents {
    const identity = fileName(row.target, config);
    const replaces = row.disposition === 'replace';
    const replaced = replaces ? files.filter((one) => one.identity === identity) : [];
    const kept = files.filter((one) => !replaced.includes(one));
    return {
      rows: [...rows, { ...row, identity }],
      files: replaces ? kept : [...kept, { identity, file: load.file }],
      steps: {
        publish: [...steps.publish, { file: load.file, ticket: load.ticket }],
        remove: [...steps.remove, ...replaced.map(({ file }) => file)],
      },
    };
  }
}
