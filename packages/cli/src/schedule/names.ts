import { createHash } from 'node:crypto';

/**
 * Makes a name valid for Kubernetes (RFC 1123: lower case, digits, hyphens). A name that had to be changed gets a digest of the
 * original, so that two names never become one.
 */
export function kubernetesName(name: string, most: number): string {
  return legal(name, { most, replace: (text) => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'), edge: /^-|-$/g });
}

/** Makes a name valid for a DAG or task of Airflow: letters, digits, hyphen, dot and underscore. */
export function airflowName(name: string): string {
  return legal(name, {
    most: 200,
    replace: (text) => text.replaceAll(/[^\w.-]+/g, '_'),
    edge: /^[_.-]+|(?<![_.-])[_.-]+$/g,
  });
}

function legal(name: string, rule: { most: number; replace: (text: string) => string; edge: RegExp }): string {
  const trim = (text: string) => text.replaceAll(rule.edge, '');
  const plain = rule.replace(name.normalize('NFKD').replaceAll(/\p{M}/gu, ''));
  if (plain === name && name.length <= rule.most && trim(plain) === plain) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 6);
  const rest = trim(trim(plain).slice(0, rule.most - 7 - 'x'.length));
  return `${rest === '' ? 'x' : rest}-${digest}`;
}
