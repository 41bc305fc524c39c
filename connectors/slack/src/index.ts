import { restSource } from '@aries-data/rest';
import { z } from 'zod';

const sourceConfig = z.strictObject({
  token: z.string().min(1).meta({ secret: true }).describe('A bot token (`xoxb-…`) or user token (`xoxp-…`).'),
  types: z
    .array(z.enum(['public_channel', 'private_channel', 'mpim', 'im']))
    .min(1)
    .default(['public_channel'])
    .describe('The types of conversation that `channels` and `messages` include.'),
  excludeArchived: z.boolean().default(false).describe('Leaves out archived channels.'),
});

export const source = restSource({ config: sourceConfig, api: new URL('../slack.yaml', import.meta.url) });
