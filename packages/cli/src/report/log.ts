import { styleText } from 'node:util';
import type { Redactor } from '@aries-data/engine';
import type { Log } from '@aries-data/sdk';
import type { LogLevel, OutputSettings } from './output-settings.ts';

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Creates a log that writes JSON for machines or short lines for people. Secrets are hidden in both. */
export function createLog(
  settings: Pick<OutputSettings, 'logLevel' | 'logFormat'>,
  redactor: Redactor,
  writeLine: (line: string) => void,
): Log {
  const format = settings.logFormat === 'json' ? jsonLine : prettyLine;
  const at =
    (level: LogLevel) =>
    (message: string, fields: Record<string, unknown> = {}): void => {
      if (RANK[level] < RANK[settings.logLevel]) return;
      writeLine(format(level, redactor.text(message), redactor.value(fields)));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function jsonLine(level: LogLevel, message: string, fields: Record<string, unknown>): string {
  const { time: _time, level: _level, message: _message, ...others } = fields;
  return JSON.stringify({ time: new Date().toISOString(), level, message, ...others }, jsonValue);
}

const MARK = {
  debug: styleText('dim', '·'),
  info: styleText('cyan', '›'),
  warn: styleText('yellow', '!'),
  error: styleText('red', '✖'),
};

// Not shown to people: they have just typed the command.
const KNOWN_TO_PEOPLE = new Set(['step', 'run', 'connector']);

function prettyLine(level: LogLevel, message: string, fields: Record<string, unknown>): string {
  const { stack, ...others } = fields;
  const details = Object.entries(others)
    .filter(([key, value]) => value !== undefined && (level === 'debug' || !KNOWN_TO_PEOPLE.has(key)))
    .map(
      ([key, value]) =>
        ` ${styleText('dim', `${key}=`)}${typeof value === 'string' ? value : JSON.stringify(value, jsonValue)}`,
    );
  return `${MARK[level]} ${message}${details.join('')}${typeof stack === 'string' ? `\n${styleText('dim', stack)}` : ''}`;
}

// A log must never throw, and JSON has no bigint.
function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
