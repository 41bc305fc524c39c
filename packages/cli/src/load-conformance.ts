import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AriesError, type Connector } from '@aries-data/sdk';
import type { ConformanceSuites } from '@aries-data/testing';
import { nearestPackageJson } from './package-json.ts';
import { resolveConnector } from './resolve-connector.ts';

/**
 * Loads the file that says how to test a connector. A package of several transforms exports a suite by the name of each. Throws
 * `NOT_FOUND` if there is no such file, `CONNECTOR_INVALID` if it cannot be loaded.
 */
export async function loadConformance(
  use: string | undefined,
  connector: Connector,
  named: string | undefined,
): Promise<ConformanceSuites> {
  const file = named === undefined ? conformanceNextTo(use) : resolve(named);
  if (file === undefined || !existsSync(file)) {
    throw new AriesError('NOT_FOUND', `There is no ${named ?? 'conformance.ts next to the connector'}`, {
      connector: connector.name,
      hint: 'This file says how to test the connector: docs/guides/testing.md. If it is elsewhere, name it with --conformance.',
    });
  }
  const exports = (await import(pathToFileURL(file).href).catch((cause: Error) => {
    throw new AriesError('CONNECTOR_INVALID', `${file} cannot be loaded: ${cause.message.split('\n')[0]}`, {
      connector: connector.name,
      cause,
      hint: 'Correct the file.',
    });
  })) as ConformanceSuites & Record<string, ConformanceSuites['transform']>;
  const own = exports[connector.name];
  return own === undefined ? exports : { ...exports, transform: own };
}

/** Finds the file in the folder of the connector's file or of its package. */
function conformanceNextTo(use: string | undefined): string | undefined {
  const { file } = resolveConnector(use, process.cwd());
  const manifest = nearestPackageJson(dirname(file));
  const folders = [dirname(file), ...(manifest === undefined ? [] : [dirname(manifest)])];
  const candidates = folders.flatMap((folder) =>
    ['conformance.ts', 'conformance.js'].map((name) => join(folder, name)),
  );
  return candidates.find((candidate) => existsSync(candidate));
}
