import { restSource } from '@aries-data/rest';
import { z } from 'zod';

const properties = (of: string, names: string) =>
  z
    .array(z.string().min(1))
    .min(1)
    .default(names.split(' '))
    .describe(`The properties of ${of} to read, by internal name.`);

const sourceConfig = z.strictObject({
  token: z.string().min(1).meta({ secret: true }).describe('The access token of a private app.'),
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

export const source = restSource({ config: sourceConfig, api: new URL('../hubspot.yaml', import.meta.url) });
