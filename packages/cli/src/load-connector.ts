import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AriesError, type Connector, connectorOf, isAriesError } from '@aries-data/sdk';
import { provideSdkToLocalFiles } from './local-typescript.ts';
import { type ResolvedConnector, resolveConnector } from './resolve-connector.ts';

/**
 * Finds and loads a connector as the command line does: by path, package or short name. `from` is the folder that paths and
 * packages are looked up from.
 * Throws `CONNECTOR_NOT_FOUND`, or `CONNECTOR_INVALID` naming file and reason.
 *
 * @example
 * const connector = await loadConnector('postgres');
 */
export async function loadConnector(use: string | undefined, from: string = process.cwd()): Promise<Connector> {
  const resolved = resolveConnector(use, from);
  provideSdkToLocalFiles();
  const exports = (await import(pathToFileURL(resolved.file).href).catch((cause: unknown) => {
    throw isAriesError(cause) ? named(cause, resolved) : cannotLoad(resolved, cause);
  })) as Record<string, unknown>;
  return connectorOf(exports, { name: resolved.name, version: resolved.version });
}

/** Adds the name of the connector to an error of a `define…` function, which does not know it. */
function named(cause: AriesError, { name }: ResolvedConnector): AriesError {
  if (cause.connector !== undefined) return cause;
  return new AriesError(cause.code, `${name}: ${cause.message}${placeOf(cause)}`, {
    cause,
    connector: name,
    hint: cause.hint,
  });
}

function cannotLoad({ file, name }: ResolvedConnector, cause: unknown): AriesError {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  return new AriesError(
    'CONNECTOR_INVALID',
    `${file} cannot be loaded: ${error.message.split('\n')[0]}${placeOf(error)}`,
    {
      cause,
      connector: name,
      hint: hintFor((error as NodeJS.ErrnoException).code, error.message),
    },
  );
}

const OWN_FOLDER = dirname(fileURLToPath(import.meta.url));

// Node puts file and line of a syntax error before the stack. Other errors have them in the first frame that is not of this folder.
function placeOf(error: Error): string {
  const lines = (error.stack ?? '').split('\n').map((line) => line.trim());
  const head = /^(?:file:\/\/)?(\/.*:\d+)$/.exec(lines[0] ?? '')?.[1];
  const frames = lines.map((line) => /(?:\(|at )(?:async )?(?:file:\/\/)?(\/.*:\d+):\d+\)?$/.exec(line)?.[1]);
  const place = head ?? frames.find((frame) => frame !== undefined && !frame.startsWith(OWN_FOLDER));
  return place === undefined ? '' : ` (${place})`;
}

function hintFor(code: string | undefined, message: string): string {
  switch (code) {
    case 'ERR_MODULE_NOT_FOUND':
    case 'MODULE_NOT_FOUND': {
      const missing = /Cannot find package '([^']+)'/.exec(message)?.[1];
      return missing === undefined
        ? 'Correct the import; relative imports end in .ts.'
        : `Install what it imports: npm install ${missing}`;
    }
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return 'Types are stripped, not compiled: enums, namespaces and parameter properties do not work.';
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return 'A package in node_modules must ship JavaScript; build it first.';
    default:
      return 'Correct the file; the connector itself could not be loaded.';
  }
}
