import { AriesError, ERROR_CODES, type ErrorCode } from '../../packages/sdk/src/errors.ts';
import { markdownTable } from './markdown.ts';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

/** Makes the table of error codes with kind, exit code and meaning. */
export function errorTable(): string {
  const rows = CODES.map((code) => {
    const { kind, meaning } = ERROR_CODES[code];
    return [`\`${code}\``, kind, String(exitOf(code)), meaning];
  });
  return markdownTable(['code', 'kind', 'exit', 'meaning'], rows);
}

/** Makes the table of exit codes, with the error codes for each. */
export function exitTable(): string {
  const exits = Map.groupBy(CODES, exitOf);
  const rows = [...exits]
    .sort(([a], [b]) => a - b)
    .map(([exit, codes]) => [String(exit), codes.map((code) => `\`${code}\``).join(', ')]);
  return markdownTable(['exit', 'error codes'], [['0', 'none: done'], ...rows]);
}

function exitOf(code: ErrorCode): number {
  return new AriesError(code, '').exitCode;
}
