import { test } from 'vitest';
import type { Service } from './integration.setup.ts';

/**
 * Replaces tests that lack a service with one that is skipped if this machine cannot have the service, and fails if it is
 * installed but does not start.
 */
export function noService(name: string, ...services: Service<object>[]): void {
  test(name, ({ skip }) => {
    for (const service of services) {
      if (service.state === 'missing') skip(service.reason);
      if (service.state === 'broken') throw new Error(service.reason);
    }
  });
}
