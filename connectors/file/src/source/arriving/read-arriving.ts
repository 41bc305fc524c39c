import {
  checkpoint,
  type InputItem,
  type JsonRecord,
  type ReadContext,
  type ReadItem,
  toAriesError,
} from '@aries-data/sdk';
import type { SourceConfig } from '../../config.ts';
import type { SourceFile } from '../locations/source-file.ts';
import { type FileGroup, type Reading, readFile, startReading, warnOfEmpty } from '../read-file.ts';
import { type ArrivingFiles, arrivingFiles } from './arriving-files.ts';
import type { ArrivingPosition, Progress } from './arriving-position.ts';
import { compareListing, type Found, type Pending, pendingOf, whetherListed, withoutLeft } from './compare-lists.ts';
import { versionDigest } from './file-list.ts';
import { type FileList, type KeptLists, keptLists, LeftFiles } from './kept-lists.ts';

type Context = ReadContext<SourceConfig, ArrivingPosition>;
type Item = ReadItem<JsonRecord, ArrivingPosition>;

/**
 * Reads each file that is new or has changed since the position. First it lists all files and keeps the list: an attempt that resumes
 * reads the same files, and the list is what is known once all of them are read. A file that changes between the listing and its turn
 * is left to the next run.
 */
export async function* readArriving(ctx: Context): AsyncGenerator<Item> {
  const files = await arrivingFiles(ctx.config);
  try {
    const lists = keptLists(ctx.keep);
    const { known = null, reading } = ctx.position ?? {};
    const before = await lists.read(known);
    const begun = reading ?? (await begin(ctx, files, lists, { known, before }));
    if (begun === undefined) yield checkpoint({ known });
    else yield* readPending(ctx, { files, lists, known, before, found: await lists.read(begun.found), begun });
  } finally {
    await files.close();
  }
}

/** Lists the files and keeps the list. Returns undefined if it is the known one. */
async function begin(
  { signal, log }: Context,
  files: ArrivingFiles,
  lists: KeptLists,
  { known, before }: { known: string | null; before: FileList },
): Promise<Progress | undefined> {
  const found = await compareListing(files.list(signal), before);
  report(log, found);
  const isSame = found.pending === 0 && found.vanished === 0;
  return isSame && known !== null ? undefined : { found: await lists.write(found.list), done: 0 };
}

function report(log: Context['log'], { count, pending, changed, vanished, waiting, firstWaiting }: Found): void {
  log.info(`${pending} of ${count} files are new or have changed`, { count, pending, changed, vanished, waiting });
  if (waiting > 0) {
    const more = waiting > firstWaiting.length ? ', …' : '';
    log.info(`files that may still be being written wait for the next run: ${firstWaiting.join(', ')}${more}`, {
      waiting,
    });
  }
  if (count > 0 || waiting > 0) return;
  log.warn(vanished === 0 ? 'no file matches the url yet' : `all ${vanished} files that were read before are gone`);
}

/** A read whose files are known. */
interface Begun {
  files: ArrivingFiles;
  lists: KeptLists;
  known: string | null;
  before: FileList;
  found: FileList;
  begun: Progress;
}

async function* readPending(ctx: Context, { files, lists, known, before, found, begun }: Begun): AsyncGenerator<Item> {
  const isResumed = begun.done > 0 || begun.at !== undefined;
  const left = new LeftFiles(lists, begun.left);
  const reading = startReading(ctx);
  const inputs = new Inputs();
  const reached = async (progress: Pick<Progress, 'done' | 'at'>) =>
    checkpoint<ArrivingPosition>({ known, reading: { found: begun.found, ...progress, ...(await left.kept()) } });
  if (!isResumed) yield await reached({ done: 0 });
  // The names in a list come from staging, so another attempt opens only those that the config still finds.
  const pending = whetherListed(pendingOf(before, found), isResumed ? files.list(ctx.signal) : undefined);
  let index = -1;
  for await (const { isListed, ...file } of pending) {
    index++;
    if (file.changed) inputs.again(file.name);
    if (index < begun.done) continue;
    ctx.log.debug(`reading ${file.name}`);
    const turn: Turn = { version: undefined };
    const at = index === begun.done ? begun.at : undefined;
    const groups = isListed ? readUnchanged(files.file(file.name), file, { reading, at, turn }) : [];
    for await (const { items, next, seekable } of groups) {
      ctx.signal.throwIfAborted();
      yield* items;
      yield await reached({ done: index, at: { place: next, seekable } });
    }
    if (turn.version !== undefined) {
      inputs.read({ name: file.name, id: files.file(file.name).id, version: turn.version });
    } else if (at === undefined) {
      left.add(file);
      ctx.log.info(`${file.name} changed before its turn, so the next run reads it`);
    } else {
      // It stays in the list as it was listed. So the next run finds it changed, and does not take it for a new one.
      ctx.log.warn(`${file.name} changed after a part of it was read, so the next run reads it again`);
    }
    yield await reached({ done: index + 1 });
  }
  warnOfEmpty(reading);
  ctx.inputs?.(isResumed ? undefined : inputs.items, inputs.changed);
  const out = await left.all();
  yield checkpoint({ known: out.length === 0 ? begun.found : await lists.write(withoutLeft(before, found, out)) });
}

/** What became of a file: the version that was read, if any. */
interface Turn {
  version: string | undefined;
}

/** Reads a file if it still is the one that was listed. Otherwise it yields nothing, and `turn` has no version. */
async function* readUnchanged(
  file: SourceFile,
  { version: listed }: Pending,
  { reading, at, turn }: { reading: Reading; at: Progress['at']; turn: Turn },
): AsyncGenerator<FileGroup> {
  const accept = (version: string | undefined) => {
    const isSame = version !== undefined && versionDigest(version) === listed;
    if (isSame) turn.version = version;
    return isSame;
  };
  try {
    yield* readFile(file, reading, at, accept);
  } catch (error) {
    // It was removed since it was listed.
    if (turn.version !== undefined || toAriesError(error).code !== 'NOT_FOUND') throw error;
  }
}

/** More files than this are not reported one by one. */
const MOST_ITEMS = 1000;
const MOST_CHANGED = 20;

/** The files that were read, for the engine's rules about appending. */
class Inputs {
  readonly changed: string[] = [];
  #items: InputItem[] | undefined = [];

  get items(): readonly InputItem[] | undefined {
    return this.#items;
  }

  again(name: string): void {
    if (this.changed.length < MOST_CHANGED) this.changed.push(name);
  }

  read(item: InputItem): void {
    if (this.#items?.length === MOST_ITEMS) this.#items = undefined;
    this.#items?.push(item);
  }
}
