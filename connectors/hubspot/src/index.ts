import { loadApi, type RestApi, restSource } from '@aries-data/rest';
import { z } from 'zod';

const properties = (of: string, names: string) =>
  z
    .array(z.string().min(1))
    .min(1)
    .default(names.split(' '))
    .describe(`The properties of ${of} to read, by internal name.`);

const sourceConfig = z.strictObject({
  token: z.string().min(1).meta({ secret: true }).describe('The access token of a private app.'),
  deletes: z
    .boolean()
    .optional()
    .describe(
      'Incremental reads also name the records in the recycle bin as deleted, so that a load deletes or marks them. Each read then lists the whole bin.',
    ),
  contactProperties: properties(
    'contacts',
    'email firstname lastname phone company jobtitle lifecyclestage hubspot_owner_id createdate lastmodifieddate',
  ),
  companyProperties: properties(
    'companies',
    'name domain industry phone city country lifecyclestage hubspot_owner_id createdate hs_lastmodifieddate',
  ),
  dealProperties: properties(
    'deals',
    'dealname amount dealstage pipeline closedate dealtype hubspot_owner_id createdate hs_lastmodifieddate',
  ),
});

export const source = restSource({
  config: sourceConfig,
  api(config) {
    const api = loadApi(new URL('../hubspot.yaml', import.meta.url), config);
    return config.deletes ? api : withoutDeletes(api);
  },
});

function withoutDeletes({ streams, ...api }: RestApi): RestApi {
  const plain = Object.entries(streams).map(([name, { deletes: _, ...stream }]) => [name, stream]);
  return { ...api, streams: Object.fromEntries(plain) };
}
