import { test } from 'vitest';
import type { Service } from './integration.setup.ts';

/**
 * In place of tests whose services are not all there: a test of this name skips where this machine cannot have one, and fails where
 * it is installed and does not start.
 */
export function noService(name: string, ...services: Service<object>[]): void {
  test(name, ({ skip }) => {
    for (const service of services) {
      if (service.state === 'missing') skip(service.reason);
      if (service.state === 'broken') throw new Error(service.reason);
    }
  });
}
