import { AriesError, nearest } from '@aries-data/sdk';
import type { ConnectorRule } from '@aries-data/testing';

/** Returns the rules that `--rule` and `--role` ask for, or all. Throws `USAGE` for a rule that the connector does not have. */
export function selectRules(
  rules: readonly ConnectorRule[],
  { rule: names, role }: { rule?: readonly string[] | undefined; role?: ConnectorRule['role'] | undefined },
  connector: string,
): ConnectorRule[] {
  const ids = rules.map(({ id }) => id);
  const unknown = names?.find((name) => !ids.includes(name));
  if (unknown !== undefined) {
    const near = nearest(unknown, ids);
    throw new AriesError('USAGE', `No rule for ${connector} is called ${unknown}`, {
      connector,
      hint: near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Its rules are ${ids.join(', ')}.`,
    });
  }
  const selected = rules.filter(
    (rule) => (names === undefined || names.includes(rule.id)) && (role === undefined || rule.role === role),
  );
  if (selected.length === 0)
    throw new AriesError('USAGE', `${connector} has no ${role} whose rules could be tested`, { connector });
  return selected;
}
