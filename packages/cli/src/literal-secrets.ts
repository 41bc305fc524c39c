import { createRedactor, parseConfig, type Redactor } from '@aries-data/engine';
import type { Connector } from '@aries-data/sdk';

/**
 * The secrets that a config holds as they are, not as a reference such as `${env:TOKEN}`. On a command line they can be read by
 * anyone who sees the list of processes.
 */
export function literalSecrets(connector: Connector, config: unknown): string[] {
  const found: string[] = [];
  const recorder: Redactor = { ...createRedactor(), add: (secret) => void found.push(secret) };
  for (const part of [connector.source, connector.transform, connector.destination]) {
    if (part?.config === undefined) continue;
    try {
      parseConfig(part.config, config, connector.name, { redactor: recorder });
    } catch {
      // That the config is wrong is said where it is used.
    }
  }
  return found.filter((secret) => !/\$\{[a-z]+:/.test(secret));
}
