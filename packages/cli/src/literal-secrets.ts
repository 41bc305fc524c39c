import { createRedactor, parseConfig, type Redactor } from '@aries-data/engine';
import type { Connector } from '@aries-data/sdk';

/**
 * Returns the secrets that a config holds literally instead of by a reference such as `${env:TOKEN}`. On a command line anyone who can
 * list processes can read them.
 */
export function literalSecrets(connector: Connector, config: unknown): string[] {
  const found: string[] = [];
  const recorder: Redactor = { ...createRedactor(), add: (secret) => void found.push(secret) };
  for (const definition of [connector.source, connector.transform, connector.destination]) {
    if (definition?.config === undefined) continue;
    try {
      parseConfig(definition.config, config, connector.name, { redactor: recorder });
    } catch {
      // A wrong config is reported where it is used.
    }
  }
  return found.filter((secret) => !/\$\{[a-z]+:/.test(secret));
}
