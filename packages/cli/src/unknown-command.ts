import { AriesError, nearest } from '@aries-data/sdk';
import { COMMANDS, TOPICS } from './commands.ts';

/** Why these arguments name no command, and which ones there are. */
export function unknownCommand([first, second]: readonly string[]): AriesError {
  const commands = Object.keys(COMMANDS);
  if (first === undefined)
    return usage('No command was given', `There are ${commands.join(', ')}; aries --help says more.`);
  if (Object.hasOwn(TOPICS, first)) {
    const own = commands.filter((id) => id.startsWith(`${first} `)).map((id) => `aries ${id}`);
    const isBare = second === undefined || second.startsWith('-');
    const said = isBare ? `"aries ${first}" is no command by itself` : `There is no command "aries ${first} ${second}"`;
    return usage(said, `There are ${own.join(', ')}.`);
  }
  if (first.startsWith('-'))
    return usage(
      `${first.split('=')[0]} stands before the command`,
      'Flags come after the command: aries extract --help.',
    );
  const near = nearest(first, [...commands, ...Object.keys(TOPICS)]).map((id) => `aries ${id}`);
  return usage(
    `There is no command "aries ${first}"`,
    near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'aries --help lists the commands.',
  );
}

function usage(message: string, hint: string): AriesError {
  return new AriesError('USAGE', message, { hint });
}
