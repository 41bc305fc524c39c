import { AriesError, nearest } from '@aries-data/sdk';
import { COMMANDS, TOPICS } from './commands.ts';

/** Returns the error for arguments that name no command, with the commands that they may stand for. */
export function unknownCommand([first, second]: readonly string[]): AriesError {
  const commands = Object.keys(COMMANDS);
  if (first === undefined)
    return usage('No command was given', `Commands: ${commands.join(', ')}. aries --help explains them.`);
  if (first.startsWith('-'))
    return usage(
      `${first.split('=')[0]} comes before the command`,
      'Put flags after the command: aries extract --json.',
    );
  if (Object.hasOwn(TOPICS, first)) {
    const own = commands.filter((id) => id.startsWith(`${first} `)).map((id) => id.slice(first.length + 1));
    const all = `Commands: ${named(own, first).join(', ')}.`;
    if (second === undefined || second.startsWith('-')) return usage(`"aries ${first}" is not a complete command`, all);
    return usage(`There is no command "aries ${first} ${second}"`, suggestion(nearest(second, own), first) ?? all);
  }
  const near = nearest(first, [...commands.filter((id) => !id.includes(' ')), ...Object.keys(TOPICS)]);
  return usage(`There is no command "aries ${first}"`, suggestion(near) ?? 'aries --help lists the commands.');
}

function suggestion(words: readonly string[], topic?: string): string | undefined {
  return words.length === 0 ? undefined : `Did you mean ${named(words, topic).join(' or ')}?`;
}

function named(words: readonly string[], topic?: string): string[] {
  return words.map((word) => ['aries', topic, word].filter(Boolean).join(' '));
}

function usage(message: string, hint: string): AriesError {
  return new AriesError('USAGE', message, { hint });
}
