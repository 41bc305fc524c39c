import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder for temporary files of this test run. */
    runFolder: string;
    /** The folder of Node's compile cache, shared by all runs. */
    compileCache: string;
  }
}

/** Node's own name for it, in the folder for temporary files. */
export const COMPILE_CACHE = 'node-compile-cache';

/** How folders of Aries and of its templates are named. Other programs may leave files of their own. */
export const OURS = /^(?:aries|my)-/;

/** Gives the test run its own temporary folder, and fails the run if a service leaves something in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const outer = process.env.TMPDIR;
  const compileCache = join(tmpdir(), COMPILE_CACHE);
  await mkdir(compileCache, { recursive: true });
  project.provide('compileCache', compileCache);
  // It contains sockets, whose paths must be short.
  const folder = await mkdtemp(join(tmpdir(), 'aries-'));
  // World-writable like /tmp, because some services run as another user.
  await chmod(folder, 0o1777);
  process.env.TMPDIR = folder;
  project.provide('runFolder', folder);
  return async () => {
    if (outer === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = outer;
    const left = (await readdir(folder)).filter((name) => OURS.test(name));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    if (left.length > 0) throw new Error(`Something that ran for all tests left in ${folder}: ${left.join(', ')}`);
  };
}
