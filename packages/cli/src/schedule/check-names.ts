import { AriesError } from '@aries-data/sdk';

/** What a variable of the environment is called in every shell and in every scheduler's file. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Ids of Airflow's connections, of which an environment variable is made. */
const CONNECTION = /^[A-Za-z0-9_]+$/;

/** What a scheduler puts something in the place of: Jinja's and Argo's braces, Kubernetes' and the shell's `$(…)`. */
const EXPANSIONS = ['{{', '{%', '{#', '$('];

/** Throws `PIPELINE_INVALID` where a name of a reference cannot be one of the environment: it would be pasted into a line of its own. */
export function checkReferences(file: string, environment: readonly string[], connections: readonly string[]): void {
  const variable = environment.find((name) => !VARIABLE.test(name));
  if (variable !== undefined)
    throw refused(
      file,
      `${JSON.stringify(variable)} cannot be a variable of the environment`,
      'Use letters, digits and "_" only.',
    );
  const connection = connections.find((name) => !CONNECTION.test(name));
  if (connection === undefined) return;
  throw refused(
    file,
    `${JSON.stringify(connection)} cannot be the id of a connection here`,
    'Use letters, digits and "_" only: it becomes part of a variable, AIRFLOW_CONN_….',
  );
}

/**
 * Throws `PIPELINE_INVALID` where a text would not arrive as it is: it holds a line break, or what a scheduler expands. What is escaped
 * for one of them is not for the next, and no name needs it. `texts` by what they are, such as `step`.
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
