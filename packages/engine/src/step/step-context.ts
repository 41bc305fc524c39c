import { AriesError, type ConnectorContext, type ConnectorRole, type Log, toAriesError } from '@aries-data/sdk';
import type { AriesErrorOptions, HttpDeclaration } from '@aries-data/sdk/internal';
import type { z } from 'zod';
import { parseConfig } from '../config/connector-config.ts';
import { isRunId, newAttempt, newRunId } from '../dataset/layout.ts';
import { createHttp } from '../http/client.ts';
import { createRedactor, type Redactor } from '../redact/redact.ts';
import { silentLog, withFields } from './log.ts';
import type { ConnectorUse, StepOptions } from './step-options.ts';

/** Context of a step, made from its options. */
export interface StepContext {
  step: string;
  name: string;
  runId: string;
  attempt: string;
  startedAt: number;
  signal: AbortSignal;
  redactor: Redactor;
  log: Log;
}

/** Makes the context from the options that all steps share. Throws `USAGE` if `runId` is given without a name. */
export function stepContext(step: string, options: StepOptions, defaultName: string): StepContext {
  if (options.runId !== undefined && options.name === undefined) {
    throw new AriesError('USAGE', 'A run id needs a name with it, so that two jobs never share a folder', {
      hint: 'Add --name.',
    });
  }
  if (options.runId !== undefined && !isRunId(options.runId)) {
    throw new AriesError(
      'USAGE',
      `A run cannot have the id "${options.runId}": its folder in the staging holds something else`,
      {
        hint: 'Use another id, such as one with the date.',
      },
    );
  }
  const redactor = options.redactor ?? createRedactor();
  const name = options.name ?? defaultName;
  const runId = options.runId ?? newRunId();
  options.onStart?.({ step, name, runId });
  return {
    step,
    name,
    runId,
    attempt: newAttempt(),
    startedAt: performance.now(),
    signal: options.signal ?? new AbortController().signal,
    redactor,
    log: withFields(options.log ?? silentLog, redactor, { step, run: runId }),
  };
}

/** Source, transform or destination of a connector, with its parsed config and the context of its functions. */
export interface OpenedRole<Definition> {
  definition: Definition;
  name: string;
  version: string;
  // biome-ignore lint/suspicious/noExplicitAny: the config's type is known where the connector is defined
  ctx: ConnectorContext<any>;
}

/** Parses the config of a role and makes its context. Throws `CONNECTOR_INVALID` if the connector does not have the role. */
export function openRole<Role extends ConnectorRole>(
  role: Role,
  use: ConnectorUse,
  context: Pick<StepContext, 'redactor' | 'log' | 'signal'>,
): OpenedRole<NonNullable<ConnectorUse['connector'][Role]>> {
  const { connector } = use;
  const definition = connector[role];
  if (definition === undefined || definition === null) {
    const others = (['source', 'transform', 'destination'] as const).filter((other) => connector[other] !== undefined);
    throw new AriesError('CONNECTOR_INVALID', `${connector.name} has no ${role}; it has a ${others.join(' and a ')}`, {
      connector: connector.name,
    });
  }
  const schema = (definition as { config?: z.ZodType }).config;
  const config =
    schema === undefined
      ? {}
      : parseConfig(schema, use.config, connector.name, { redactor: context.redactor, placeOf: use.placeOf });
  const log = withFields(context.log, context.redactor, { connector: connector.name });
  const declared = (definition as { http?: HttpDeclaration<unknown> }).http;
  const http = createHttp({
    settings: () => (typeof declared === 'function' ? declared({ config }) : (declared ?? {})),
    connector: connector.name,
    log,
    signal: context.signal,
    redactor: context.redactor,
  });
  return {
    definition: definition as NonNullable<ConnectorUse['connector'][Role]>,
    name: connector.name,
    version: connector.version,
    ctx: { config, log, http, signal: context.signal },
  };
}

/** Runs a step's work. Its errors become AriesErrors without secrets; after an abort, `INTERRUPTED`. */
export async function guarded<T>(
  context: Pick<StepContext, 'redactor' | 'signal'>,
  where: { connector: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (context.signal.aborted) throw interrupted(context.signal);
    throw redactError(toAriesError(thrown, where), context.redactor);
  }
}

/** Makes the error of a step whose signal was aborted. The abort reason sets the exit code. */
export function interrupted(signal: AbortSignal): AriesError {
  const { exitCode } = (signal.reason ?? {}) as AriesErrorOptions;
  return new AriesError('INTERRUPTED', 'Stopped by a signal', {
    exitCode,
    hint: 'Run it again with the same run id to resume.',
  });
}

function redactError(error: AriesError, redactor: Redactor): AriesError {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    at.message = readable(redactor.text(at.message));
    if (at.stack !== undefined) at.stack = readable(redactor.text(at.stack));
  }
  error.hint = redactor.text(error.hint);
  return error;
}

/** Most characters of a message, whose text may come from a server. It is cut after redaction: half a secret would not be found. */
const LONGEST_MESSAGE = 20_000;

function readable(message: string): string {
  if (message.length <= LONGEST_MESSAGE) return message;
  return `${message.slice(0, LONGEST_MESSAGE)}… (${message.length - LONGEST_MESSAGE} more characters)`;
}
