import { createHmac } from 'node:crypto';
import type { Json } from '@aries-data/sdk';

/** Returns the same pseudonym for the same value and key. Without the key, values cannot be found by guessing. */
export function pseudonym(value: Json, key: string): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 32);
}
