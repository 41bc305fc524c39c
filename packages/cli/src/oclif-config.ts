import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Config, type Interfaces } from '@oclif/core';
import { COMMANDS, TOPICS } from './commands.ts';

/**
 * Returns oclif's configuration of `aries`: one plugin with its commands loaded, so that oclif searches no files. It works from
 * TypeScript sources and from the bundle alike.
 */
export async function oclifConfig(): Promise<Config> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { name, version, description } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as Record<'name' | 'version' | 'description', string>;
  const pjson = {
    name,
    version,
    description,
    oclif: { bin: 'aries', topicSeparator: ' ', additionalHelpFlags: ['-h'] },
  };
  const plugin = {
    name,
    root,
    version,
    pjson,
    type: 'core',
    hooks: {},
    topics: Object.entries(TOPICS).map(([topic, description]) => ({ name: topic, description })),
    commands: Object.entries(COMMANDS).map(([words, command]) => ({
      id: words.replace(' ', ':'),
      summary: command.summary,
      description: command.description,
      examples: command.examples,
      args: named(command.args),
      flags: named({ ...command.baseFlags, ...command.flags }),
      aliases: [],
      hiddenAliases: [],
      pluginName: name,
      load: async () => command,
    })),
  };
  return Config.load({
    root,
    pjson: pjson as unknown as Interfaces.PJSON,
    plugins: new Map([[name, plugin as unknown as Interfaces.Plugin]]),
  });
}

// oclif names arguments and flags after their keys only when a command runs; its help needs the names earlier.
function named<T extends object>(options: Record<string, T>): Record<string, T & { name: string }> {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, { ...option, name }]));
}
