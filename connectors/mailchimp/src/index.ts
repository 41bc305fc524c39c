import { restSource } from '@aries-data/rest';
import { z } from 'zod';

const sourceConfig = z.strictObject({
  apiKey: z.string().min(1).meta({ secret: true }).describe('The API key of the account.'),
  server: z
    .string()
    .regex(/^[a-z]+\d+$/, 'expected the data centre, such as us6')
    .describe('The data centre: the part of the API key after the dash (`us6`).'),
});

export const source = restSource({ config: sourceConfig, api: new URL('../mailchimp.yaml', import.meta.url) });
