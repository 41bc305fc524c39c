import { createHmac } from 'node:crypto';
import type { Json } from '@aries-data/sdk';

/** The same for the same value and key; without the key nobody can find the value by trying. */
export function pseudonym(value: Json, key: string): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 32);
}
