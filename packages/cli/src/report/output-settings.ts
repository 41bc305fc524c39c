export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Settings of the output of one call of `aries`. */
export interface OutputSettings {
  /** Print one line of JSON on stdout instead of text for people. */
  json: boolean;
  logLevel: LogLevel;
  logFormat: 'json' | 'pretty';
  /** Draw bars on stderr. Not with `--follow`: bars of runs that start over show nothing. */
  bars: boolean;
  resultFile: string | undefined;
  metricsFile: string | undefined;
  /** The value of `--name`: metrics carry it even if the arguments turn out to be wrong. */
  name: string | undefined;
  /** Runs follow each other until a signal. */
  follow: boolean;
}

/** True for each of the two streams that is a terminal. */
export interface Terminals {
  stdout: boolean;
  stderr: boolean;
}

const LEVELS = new Set<string>(['debug', 'info', 'warn', 'error']);

/**
 * Reads the output flags (`outputFlags` in `flags.ts`) from the raw arguments, so that a call with wrong arguments still reports in
 * the form that it asked for. Wrong values are ignored here; the parser refuses them later.
 */
export function outputSettings(argv: readonly string[], env: NodeJS.ProcessEnv, terminals: Terminals): OutputSettings {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  const level = textOf('log-level', own, env) ?? '';
  const format = textOf('log-format', own, env);
  const logFormat = format === 'json' || format === 'pretty' ? format : terminals.stderr ? 'pretty' : 'json';
  const follow = own.includes('--follow') || isTrue(env.ARIES_FOLLOW);
  return {
    json: own.includes('--json') || isTrue(env.ARIES_JSON) || !terminals.stdout,
    logLevel: LEVELS.has(level) ? (level as LogLevel) : 'info',
    logFormat,
    bars: logFormat === 'pretty' && terminals.stderr && !follow,
    resultFile: textOf('result-file', own, env),
    metricsFile: textOf('metrics-file', own, env),
    name: textOf('name', own, env),
    follow,
  };
}

function textOf(name: string, argv: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const index = argv.findIndex((argument) => argument === `--${name}` || argument.startsWith(`--${name}=`));
  const value =
    index === -1
      ? env[`ARIES_${name.toUpperCase().replaceAll('-', '_')}`]
      : argv[index]!.includes('=')
        ? argv[index]!.slice(name.length + 3)
        : argv[index + 1];
  return value === '' ? undefined : value;
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(?:1|true|y|yes)$/i.test(value);
}
