import { defineSource } from '@aries-data/sdk';
import { config } from '../config.ts';
import { isMarked } from './deleted-records.ts';
import { describeObjects, fieldsRead, schemaOf } from './describe.ts';
import { positionSchema, readObject } from './read-object.ts';

/** Reads any object of an org that can be queried. */
export const source = defineSource({
  config,

  http: ({ config: { url, clientId, clientSecret, refreshToken, apiVersion } }) => ({
    baseUrl: new URL(`/services/data/v${apiVersion}`, url).href,
    auth: {
      type: 'oauth2',
      tokenUrl: new URL('/services/oauth2/token', url).href,
      clientId,
      clientSecret,
      ...(refreshToken === undefined
        ? { grant: 'client_credentials' as const }
        : { grant: 'refresh_token' as const, refreshToken }),
    },
    records: '/records',
    pagination: { type: 'next', place: '/nextRecordsUrl' },
    // The daily limit and the limit of concurrent requests are answered with 403, but pass on their own.
    isLimit: ({ text }) => /REQUEST_LIMIT_EXCEEDED|SERVER_UNAVAILABLE/.test(text),
  }),

  async check({ http }) {
    await http.json('/limits');
  },

  async streams({ config, http, stream }) {
    const objects = await describeObjects({ config, http });
    return Object.fromEntries(
      objects.map((object) => {
        const isTimed = fieldsRead(object).some(({ name }) => name === 'SystemModstamp');
        const definition = stream({
          schema: schemaOf(object),
          primaryKey: ['Id'],
          ...(isTimed ? { cursor: 'SystemModstamp' } : {}),
          ...(config.deletes && isMarked(object) ? { changes: true } : {}),
          pushdown: ['columns', 'where'],
          position: positionSchema,
          read: (ctx) => readObject(object, ctx),
        });
        return [object.name, definition];
      }),
    );
  },
});
