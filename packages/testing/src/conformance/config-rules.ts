import { check } from '@aries-data/engine';
import { openRole, stepContext } from '@aries-data/engine/internal';
import { type AriesError, type ConnectorRole, type FieldSchema, toAriesError } from '@aries-data/sdk';
import { configSchema } from '@aries-data/sdk/internal';
import type { Rule, RuleContext } from './rule.ts';

/** Makes the rules for every role of a connector. */
export function configRules(role: ConnectorRole): Rule[] {
  return [
    {
      id: `${role}/spec`,
      role,
      title: 'The config describes its options',
      why: 'help, the table of options and validation are all generated from its schema',
      run: describeConfig,
    },
    {
      id: `${role}/config-errors`,
      role,
      title: 'An invalid config is refused, naming the option',
      why: 'a misspelt option that is silently ignored is noticed weeks later, in the data',
      run: refuseConfig,
    },
    {
      id: `${role}/check`,
      role,
      title: 'check accepts a config that works',
      why: 'people run check before they schedule anything, and trust it',
      async run({ use }) {
        await check({ use, role });
      },
    },
  ];
}

function schemaOf({ connector, role, skip }: RuleContext): FieldSchema {
  const config = connector[role]?.config;
  return config === undefined ? skip('it takes no config') : configSchema(config, connector.name);
}

async function describeConfig(ctx: RuleContext): Promise<void> {
  const schema = schemaOf(ctx);
  if (schema.properties === undefined)
    ctx.fail(`the config is ${JSON.stringify(schema.type ?? 'anything')}, not a z.object(…) with options`);
  const [bare] = Object.entries(schema.properties).find(([, option]) => !isDescribed(option)) ?? [];
  if (bare !== undefined) ctx.fail(`the option "${bare}" has no description; add .describe('…')`);
}

function isDescribed(option: FieldSchema): boolean {
  return typeof option.description === 'string' && option.description.trim() !== '';
}

const MISSPELT = 'optoin_that_nobody_has';

async function refuseConfig(ctx: RuleContext): Promise<void> {
  const config = ctx.use.config as Record<string, unknown>;
  refused(ctx, { ...config, [MISSPELT]: true }, MISSPELT, 'an unknown option');
  for (const name of (schemaOf(ctx).required as string[] | undefined) ?? []) {
    const { [name]: _, ...without } = config;
    refused(ctx, without, name, `a config without "${name}"`);
  }
}

function refused(ctx: RuleContext, config: unknown, name: string, what: string): void {
  let error: AriesError | undefined;
  try {
    const { connector, role } = ctx;
    openRole(role, { connector, config }, stepContext('check', { name: connector.name }, connector.name));
  } catch (thrown) {
    error = toAriesError(thrown, { connector: ctx.connector.name });
  }
  if (error === undefined) ctx.fail(`${what} is silently accepted`);
  if (error.code !== 'CONFIG_INVALID' || !error.message.includes(name))
    ctx.fail(`${what} ends with ${error.code}, which does not name "${name}": ${error.message}`);
}
