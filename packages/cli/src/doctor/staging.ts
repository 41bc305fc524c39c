import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError } from '@aries-data/sdk';
import { openStore, type Store } from '@aries-data/stores';
import { clockFinding } from './clock.ts';
import { examine, type Finding, fine, warning } from './finding.ts';

// More than one part of an upload to S3, so that one is in progress at the abort.
const CHUNK = Buffer.alloc(1024 * 1024, 'aries');
const CHUNKS = 10;

const WAIT_MS = 5000;

/** Does in staging what steps do there, and deletes it again. After a check that failed, those that build on it are left out. */
export async function examineStaging(uri: string | Store): Promise<Finding[]> {
  const findings: Finding[] = [];
  let store: Store | undefined;
  const folder = `.doctor-${randomBytes(8).toString('hex')}`;
  const next = async (check: string, work: (store: Store) => Promise<string | Finding>): Promise<void> => {
    if (findings.some(({ status }) => status === 'failed')) return;
    findings.push(await examine(`staging ${check}`, () => work(store!)));
  };
  await next('address', async () => {
    store = await openStore(uri);
    return store.uri;
  });
  if (store === undefined) return findings;
  try {
    const begun = Date.now();
    await next('write', async (open) => {
      await open.write(`${folder}/written`, once(CHUNK));
      return `wrote ${CHUNK.length} bytes`;
    });
    const ended = Date.now();
    await next('read', (open) => readBack(open, `${folder}/written`));
    await next('list', async (open) => {
      const found = await Array.fromAsync(open.list(`${folder}/`));
      const written = found.find(({ key }) => key === `${folder}/written`);
      if (written === undefined) throw corrupt(`${open.uri} does not list an object that was just written`);
      findings.push(clockFinding(written.modified, begun, ended));
      return `listed ${found.length} object`;
    });
    await next('conditional write', conditionalWrite(`${folder}/once`));
    await next('broken-off write', brokenOff(folder));
  } finally {
    if (findings.some(({ check, status }) => check === 'staging write' && status === 'ok'))
      findings.push(await cleanUp(store, folder));
    await store.close();
  }
  return findings;
}

async function readBack(store: Store, key: string): Promise<string> {
  const bytes = await buffer(await store.open(key));
  if (!bytes.equals(CHUNK)) throw corrupt(`${store.uri} returned other bytes than were written`);
  return 'read the same bytes';
}

function conditionalWrite(key: string) {
  return async (store: Store): Promise<string> => {
    const first = await store.writeIfAbsent(key, Buffer.from('first'));
    const second = await store.writeIfAbsent(key, Buffer.from('second'));
    if (first && !second && (await store.read(key))?.toString() === 'first')
      return 'the second of two writers is refused';
    throw new AriesError(
      'STAGING_INVALID',
      `${store.uri} does not support conditional writes: two attempts could overwrite each other`,
      {
        hint: 'Use a store that does: AWS S3, Ceph, MinIO and R2 do, and so do folders on file systems with hard links.',
      },
    );
  };
}

/** Aborts a large write, as a signal does. Nothing of it may stay, not even parts of the upload, which cost money. */
function brokenOff(folder: string) {
  return async (store: Store): Promise<string | Finding> => {
    const key = `${folder}/broken-off`;
    const stop = new AbortController();
    const body = async function* () {
      for (let chunk = 0; chunk < CHUNKS; chunk++) yield CHUNK;
      await until(async () => (await pending(store, folder)) !== 0);
      stop.abort(new Error('broken off on purpose'));
      yield CHUNK;
    };
    const ended = await store.write(key, body(), stop.signal).then(
      () => 'written',
      () => 'broken off',
    );
    const listed = await Array.fromAsync(store.list(key));
    if (ended === 'written' || listed.length > 0) throw corrupt(`${store.uri} keeps a write that was broken off`);
    await until(async () => (await pending(store, folder)) === 0);
    const left = await pending(store, folder);
    if (left === 0) return 'leaves nothing';
    const hint = 'Set a rule in the bucket that aborts incomplete multipart uploads after a day.';
    return left === undefined
      ? warning(
          'staging broken-off write',
          'no object is left; parts may be, but incomplete uploads cannot be listed',
          `${hint} Or allow s3:ListBucketMultipartUploads.`,
        )
      : warning('staging broken-off write', 'no object is left, but parts of the upload are', hint);
  };
}

/** Counts the uploads in progress; undefined if they may not be listed. */
async function pending(store: Store, folder: string): Promise<number | undefined> {
  return store.unfinished(`${folder}/`).then(
    (writes) => writes.length,
    () => undefined,
  );
}

async function until(reached: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!(await reached()) && Date.now() < deadline) await sleep(100);
}

async function cleanUp(store: Store, folder: string): Promise<Finding> {
  try {
    await store.remove(['written', 'once', 'broken-off'].map((name) => `${folder}/${name}`));
    const left = await Array.fromAsync(store.list(`${folder}/`));
    if (left.length === 0) return fine('staging delete', 'nothing is left');
    return warning('staging delete', `${folder} is left`, 'Delete it by hand.');
  } catch (error) {
    return warning(
      'staging delete',
      `${folder} is left: ${(error as Error).message}`,
      'Steps delete nothing, but "aries dataset rm" does: allow deletes, then delete this folder by hand.',
    );
  }
}

async function* once(chunk: Buffer): AsyncGenerator<Buffer> {
  yield chunk;
}

function corrupt(message: string): AriesError {
  return new AriesError('STAGING_INVALID', message, {
    hint: 'This store cannot be trusted with datasets: use another.',
  });
}
