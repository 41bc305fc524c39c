import { Readable } from 'node:stream';
import { AriesError } from '@aries-data/sdk';
import type { Store } from './store.ts';

/**
 * Creates a store in memory, for tests of connectors. Pass it in place of a staging URI.
 *
 * @example
 * await extract({ source: { connector, config }, staging: memoryStaging() });
 */
export function memoryStaging(): Store {
  const objects = new Map<string, { body: Buffer; modified: number }>();
  const waiting = new Map<string, { key: string; body: Buffer; modified: number }>();
  let prepared = 0;

  return {
    uri: 'memory:',
    uriOf: (key) => `memory:/${key}`,
    async write(key, body) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      if (objects.has(key))
        throw new AriesError('ATTEMPT_CONFLICT', `${key} already exists; objects in staging are never written twice`);
      objects.set(key, { body: Buffer.concat(chunks), modified: Date.now() });
    },
    async writeIfAbsent(key, body) {
      if (objects.has(key)) return false;
      objects.set(key, { body: Buffer.from(body), modified: Date.now() });
      return true;
    },
    async prepare({ key, aside }, body) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      const ticket = `${aside}#${++prepared}`;
      waiting.set(ticket, { key, body: Buffer.concat(chunks), modified: Date.now() });
      return ticket;
    },
    async publish(ticket) {
      const found = waiting.get(ticket);
      if (found === undefined) return false;
      objects.set(found.key, { body: found.body, modified: Date.now() });
      return waiting.delete(ticket);
    },
    async discard(tickets) {
      for (const ticket of tickets) waiting.delete(ticket);
    },
    async unfinished(prefix) {
      return [...waiting]
        .map(([ticket, { modified }]) => ({ name: ticket.slice(0, ticket.lastIndexOf('#')), ticket, modified }))
        .filter(({ name }) => name.startsWith(prefix));
    },
    async open(key) {
      return (await this.openVersion(key)).body;
    },
    async openVersion(key) {
      const found = objects.get(key);
      if (found === undefined) throw new AriesError('NOT_FOUND', `${key} does not exist`);
      return { body: Readable.from([found.body], { objectMode: false }), version: versionOf(found) };
    },
    async read(key) {
      return objects.get(key)?.body ?? null;
    },
    async *list(prefix) {
      for (const [key, { body, modified }] of [...objects].sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (key.startsWith(prefix)) yield { key, bytes: body.length, modified, version: versionOf({ body, modified }) };
      }
    },
    async *folders(folder) {
      const start = folder === '' ? '' : `${folder}/`;
      const keys = [...objects.keys()].filter((key) => key.startsWith(start));
      yield* new Set(keys.flatMap((key) => key.slice(start.length).match(/^[^/]+(?=\/)/) ?? []));
    },
    async remove(keys) {
      for (const key of keys) objects.delete(key);
    },
    async check() {},
    async close() {},
  };
}

function versionOf({ body, modified }: { body: Buffer; modified: number }): string {
  return `${body.length}-${modified}`;
}
