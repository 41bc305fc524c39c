import type { Interfaces } from '@oclif/core';

/** The values of a flag or an argument, as far as they can be completed. `@files`: files with an @ before their name. */
export type Values = readonly string[] | 'files' | '@files' | 'any';

/** A flag for a completion script. `values` is undefined for a flag that is on or off. */
export interface CompletedFlag {
  name: string;
  char: string | undefined;
  summary: string;
  values: Values | undefined;
  repeats: boolean;
}

/** A command for a completion script. `words` are one or two: `['dataset', 'show']`. */
export interface CompletedCommand {
  words: readonly string[];
  summary: string;
  flags: readonly CompletedFlag[];
  /** The values of the first argument; undefined if the command takes none. */
  argument: Values | undefined;
}

/** A first word, with its second words if it has some. */
export interface CompletedTopic {
  word: string;
  summary: string;
  commands: readonly CompletedCommand[];
}

const FILES = new Set(['PATH', 'FILE', 'URI']);
const FILES_WITH_AT = new Set(['CONFIG', 'STREAMS']);

/** Arguments that are no files, whatever their command. */
const NO_FILES = new Set(['name']);

/** Describes commands and topics for the scripts, from what oclif knows of them. */
export function describeCommands({
  commands,
  topics,
}: Pick<Interfaces.Config, 'commands' | 'topics'>): CompletedTopic[] {
  const described = commands.map((command): CompletedCommand => {
    const [argument] = Object.entries(command.args);
    return {
      words: command.id.split(':'),
      summary: command.summary ?? '',
      flags: Object.entries(command.flags).map(([name, flag]) => ({
        name,
        char: flag.char,
        summary: flag.summary ?? '',
        values: flag.type === 'boolean' ? undefined : valuesOf(flag),
        repeats: flag.type === 'option' && flag.multiple === true,
      })),
      argument:
        argument === undefined ? undefined : (argument[1].options ?? (NO_FILES.has(argument[0]) ? 'any' : 'files')),
    };
  });
  const firstWords = [...new Set(described.map(({ words }) => words[0]!))];
  return firstWords.map((word) => {
    const own = described.filter(({ words }) => words[0] === word);
    const topic = topics.find(({ name }) => name === word);
    return { word, summary: topic?.description ?? own[0]!.summary, commands: own };
  });
}

function valuesOf({ options, helpValue }: { options?: readonly string[]; helpValue?: string | string[] }): Values {
  if (options !== undefined) return options;
  const shown = String(helpValue);
  return FILES.has(shown) ? 'files' : FILES_WITH_AT.has(shown) ? '@files' : 'any';
}

/** True if the word is only the first of two. */
export function isTopic({ commands }: CompletedTopic): boolean {
  return commands.some(({ words }) => words.length > 1);
}
