export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** How one call of `aries` reports. */
export interface OutputSettings {
  /** One line of JSON on stdout, instead of text for people. */
  json: boolean;
  logLevel: LogLevel;
  logFormat: 'json' | 'pretty';
  /** Bars are drawn on stderr. */
  bars: boolean;
  resultFile: string | undefined;
  metricsFile: string | undefined;
  /** What `--name` says: metrics carry it though the arguments turn out to be wrong. */
  name: string | undefined;
}

/** Whether the two streams are terminals. */
export interface Terminals {
  stdout: boolean;
  stderr: boolean;
}

const LEVELS = new Set<string>(['debug', 'info', 'warn', 'error']);

/**
 * Reads the output flags (`outputFlags` in `flags.ts`) off the raw arguments, so that even a call whose arguments
 * are wrong reports in the way it asked for. Wrong values are ignored here; parsing refuses them later.
 */
export function outputSettings(argv: readonly string[], env: NodeJS.ProcessEnv, terminals: Terminals): OutputSettings {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  const level = textOf('log-level', own, env) ?? '';
  const format = textOf('log-format', own, env);
  const logFormat = format === 'json' || format === 'pretty' ? format : terminals.stderr ? 'pretty' : 'json';
  return {
    json: own.includes('--json') || isTrue(env.ARIES_JSON) || !terminals.stdout,
    logLevel: LEVELS.has(level) ? (level as LogLevel) : 'info',
    logFormat,
    bars: logFormat === 'pretty' && terminals.stderr,
    resultFile: textOf('result-file', own, env),
    metricsFile: textOf('metrics-file', own, env),
    name: textOf('name', own, env),
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
