import { AriesError } from '@aries-data/sdk';

/** Names of environment variables that are valid in every shell and in every scheduler's file. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Ids of Airflow's connections that can be part of an environment variable's name. */
const CONNECTION = /^[A-Za-z0-9_]+$/;

/** Starts of expressions that a scheduler would expand: Jinja's and Argo's braces, `$(…)` of Kubernetes and the shell. */
const EXPANSIONS = ['{{', '{%', '{#', '$('];

/** Throws `PIPELINE_INVALID` if the name of a reference cannot be an environment variable: it would be pasted into a file as it is. */
export function checkReferences(file: string, environment: readonly string[], connections: readonly string[]): void {
  const variable = environment.find((name) => !VARIABLE.test(name));
  if (variable !== undefined)
    throw refused(
      file,
      `${JSON.stringify(variable)} cannot be the name of an environment variable`,
      'Use letters, digits and "_" only.',
    );
  const connection = connections.find((name) => !CONNECTION.test(name));
  if (connection === undefined) return;
  throw refused(
    file,
    `${JSON.stringify(connection)} cannot be the id of a connection`,
    'Use letters, digits and "_" only: it becomes part of a variable, AIRFLOW_CONN_….',
  );
}

/**
 * Throws `PIPELINE_INVALID` if a text would not arrive as it is, because it holds a line break or something that a scheduler expands.
 * Each scheduler has its own escapes, and no name needs them. Each text comes with what it is, such as `step`.
 */
export function checkTexts(file: string, texts: readonly (readonly [what: string, text: string])[]): void {
  for (const [what, text] of texts) {
    if (/[\u0000-\u001f\u007f\u0085\u2028\u2029]/.test(text)) {
      throw refused(
        file,
        `the ${what} ${JSON.stringify(text)} holds a control character`,
        `Choose another name for the ${what}.`,
      );
    }
    const expansion = EXPANSIONS.find((one) => text.includes(one));
    if (expansion === undefined) continue;
    throw refused(
      file,
      `the ${what} ${JSON.stringify(text)} holds "${expansion}", which a scheduler would replace`,
      `Choose another name for the ${what}.`,
    );
  }
}

function refused(file: string, message: string, hint: string): AriesError {
  return new AriesError('PIPELINE_INVALID', `${file}: ${message}`, { hint });
}
