import { check, discover, parseConfig } from '@aries-data/engine';
import { passwordsIn, secretsIn } from '@aries-data/engine/internal';
import type { Log } from '@aries-data/sdk';
import { configSchema, walkConfig } from '@aries-data/sdk/internal';
import type { z } from 'zod';
import { captureOutput } from './capture-output.ts';
import { extracted } from './reading.ts';
import type { Rule, RuleContext } from './rule.ts';

/** The rule about secrets in output. */
export const secretRules: Rule[] = [
  {
    id: 'source/secrets',
    role: 'source',
    title: 'Secrets never appear in any output',
    why: 'logs, manifests and results are read by many people and kept for years',
    run: keepSecrets,
  },
];

const SECRET_NAME = /(?:password|passwd|secret|token|api_?key|private_?key|credentials?)$/i;

async function keepSecrets(ctx: RuleContext): Promise<void> {
  const type = ctx.connector.source!.config;
  const schema = configSchema(type, ctx.connector.name);
  for (const [name, option] of Object.entries(schema.properties ?? {}))
    if (SECRET_NAME.test(name) && option.type === 'string' && option.secret !== true)
      ctx.fail(`the option "${name}" is not marked as secret; add .meta({ secret: true })`);
  const secrets = [...new Set(secretsOf(parseConfig(type, ctx.use.config, ctx.connector.name), type))];
  if (secrets.length === 0) ctx.skip('its config has no secrets');

  const said: { where: string; text: string }[] = [];
  const log = logInto((text) => said.push({ where: 'the log', text }));
  const printed = await captureOutput(async () => {
    await check({ use: ctx.use, role: 'source', log });
    said.push({ where: 'discover', text: JSON.stringify(await discover({ source: ctx.use, log })) });
    const { manifest } = await extracted(ctx, { log });
    said.push({ where: 'the manifest', text: JSON.stringify(manifest) });
    const refused = wrong(ctx.use.config, type) as Record<string, unknown>;
    const use = { ...ctx.use, config: refused };
    secrets.push(...secretsOf(refused, type));
    for (const work of [() => check({ use, role: 'source', log }), () => extracted({ ...ctx, use }, { log })])
      await work().catch((error: unknown) => said.push({ where: 'an error', text: textOf(error) }));
  });
  said.push({ where: 'the printed output', text: printed });
  for (const secret of secrets) {
    const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
    const leak = said.find(({ text }) => forms.some((form) => text.includes(form)));
    // The report must not contain the secret either.
    if (leak !== undefined) ctx.fail(`a secret of the config, of ${secret.length} characters, is in ${leak.where}`);
  }
}

// Shorter secrets would be found in other text by chance.
const SHORTEST = 6;

function secretsOf(config: unknown, type: z.ZodType): string[] {
  return secretsIn(config, type)
    .flatMap((secret) => [secret, ...passwordsIn(secret)])
    .filter((secret) => secret.length >= SHORTEST);
}

/** Returns the config with wrong secrets, to see the errors they cause. */
function wrong(config: unknown, type: z.ZodType): unknown {
  return walkConfig(config, type, ({ value, isSecret }) =>
    isSecret && typeof value === 'string' ? `${value}-wrong` : value,
  );
}

function logInto(write: (text: string) => void): Log {
  const line = (message: string, fields?: object) => write(`${message} ${JSON.stringify(fields ?? {})}`);
  return { debug: line, info: line, warn: line, error: line };
}

function textOf(thrown: unknown): string {
  const texts: string[] = [];
  for (let at = thrown; at instanceof Error; at = at.cause)
    texts.push(at.message, at.stack ?? '', String((at as { hint?: string }).hint ?? ''));
  return texts.join('\n');
}
