import type { ConnectorContext, LedgerRow, LoadSession } from '@aries-data/sdk';
import { openStore, type Store } from '@aries-data/stores';
import type { DestinationConfig } from '../config.ts';
import { type FileLoad, openFileLoad } from './file-load.ts';
import { fileName, isFileOf, waitingName } from './file-name.ts';
import { hasFile, type LedgerContents, ledgerFile, NO_STEPS } from './ledger-file.ts';

export type SessionContext = Pick<ConnectorContext<DestinationConfig>, 'config' | 'signal' | 'log'> & {
  pipeline: string;
};

/** A load into the folder or bucket that the config names. It is for others to read, as far as the process's umask lets them. */
export async function openSession(context: SessionContext): Promise<LoadSession> {
  return storeSession(await openStore(context.config.path, { shared: true }), context);
}

/**
 * A load into a store. Files are written whole, without anybody seeing them; the next version of the ledger commits them; then
 * they become visible, and those they replace are taken away. A process that dies after the commit is finished by the next.
 */
export function storeSession(store: Store, { config, pipeline, signal, log }: SessionContext): LoadSession {
  const ledger = ledgerFile(store, log);
  const loads = new Map<string, FileLoad>();
  // Rows of another format or compression speak of other files.
  const isOf = (targets: readonly string[]) => (row: LedgerRow) =>
    targets.includes(row.target) && row.identity === fileName(row.target, config);

  /** What other loads of this pipeline have begun for these targets. Once this load is committed, none of them can be. */
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
      log.debug(`What dead loads have left cannot be listed: ${(error as Error).message}`);
    }
    return found.filter((ticket) => !own.has(ticket));
  }

  return {
    ledger: async (targets) => (await ledger.rows()).filter(isOf(targets)),

    async inspect({ target, disposition }) {
      const name = fileName(target, config);
      const rows = disposition === 'append' ? [] : (await ledger.rows()).filter(isOf([target]));
      const adds = disposition === 'append' || rows.at(-1)?.disposition === 'append';
      // Whoever takes added files away leaves the target as it is: the place to which the next is added.
      return { exists: adds || (await hasFile(store, name)), identity: name, changes: [] };
    },

    async open(target, reject) {
      const load = await openFileLoad({ store, config, pipeline, target, signal, reject });
      loads.set(target.target, load);
      return load;
    },

    async commit(rows, confirm) {
      const targets = rows.map(({ target }) => target);
      const left = await unfinished(targets);
      await ledger.change(
        (before) => {
          confirm(before.rows.filter(isOf(targets)));
          return rows.reduce((contents, row) => withLoad(contents, row, loads.get(row.target)!), {
            ...before,
            steps: NO_STEPS,
          });
        },
        // Where the answer to the write gets lost, the files may be the ledger's.
        (outcome) => {
          for (const target of targets) loads.get(target)!.handOver(outcome === 'begins');
        },
      );
      await store.discard(left).catch((error: Error) => {
        log.debug(`What dead loads have left cannot be taken away: ${error.message}`);
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

  /** The ledger with one more load: what it replaces is taken away, what it adds stays beside the rest. */
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
