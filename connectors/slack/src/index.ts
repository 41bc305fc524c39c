import { restSource } from '@aries-data/rest';
import { z } from 'zod';

const sourceConfig = z.strictObject({
  token: z.string().min(1).meta({ secret: true }).describe('Token of a bot (`xoxb-…`) or a user (`xoxp-…`).'),
  types: z
    .array(z.enum(['public_channel', 'private_channel', 'mpim', 'im']))
    .min(1)
    .default(['public_channel'])
    .describe('Which conversations `channels` has, and so `messages`.'),
  excludeArchived: z.boolean().default(false).describe('Whether archived channels are left out.'),
});

export const source = restSource({ config: sourceConfig, api: new URL('../slack.yaml', import.meta.url) });
