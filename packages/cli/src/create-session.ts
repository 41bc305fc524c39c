import { type Redactor, resolveConfig } from '@aries-data/engine';
import { readConfigArgument } from './config-argument.ts';
import { literalSecrets } from './literal-secrets.ts';
import { loadConnector } from './load-connector.ts';
import type { Reporter } from './report/reporter.ts';
import type { RunRecorder } from './report/run-figures.ts';
import type { Ask, Session } from './session.ts';

export interface SessionOptions {
  reporter: Pick<Reporter, 'log' | 'onStart' | 'onProgress' | 'print'>;
  redactor: Redactor;
  signal: AbortSignal;
  recorder: RunRecorder;
  ask?: Ask | undefined;
  /** The command's arguments as they were typed. */
  argv: readonly string[];
}

/** Creates the session of one command. */
export function createSession({ reporter, redactor, signal, recorder, ask, argv }: SessionOptions): Session {
  const { log, onStart, onProgress, print } = reporter;
  return {
    signal,
    log,
    redactor,
    recorder,
    onStart,
    onProgress,
    onDrift: recorder.onDrift,
    print,
    ask,
    loadConnector,
    async connectorUse(use, config) {
      const connector = await loadConnector(use);
      const { value, placeOf } = await readConfigArgument(config);
      const secrets = literalSecrets(connector, value);
      for (const secret of secrets) redactor.add(secret);
      if (secrets.length > 0 && isTyped(config, argv)) {
        log.warn('The config on the command line holds a secret that every user of this machine can read', {
          hint: `Write \${env:NAME} or \${file:PATH} instead.`,
        });
      }
      return { connector, config: await resolveConfig(value, { env: process.env, redactor }), placeOf };
    },
  };
}

function isTyped(config: string | undefined, argv: readonly string[]): boolean {
  if (config === undefined || config === '-' || config.startsWith('@')) return false;
  return argv.some((argument) => argument === config || argument.endsWith(`-config=${config}`));
}
