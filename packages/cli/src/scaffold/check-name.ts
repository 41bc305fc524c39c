import { AriesError } from '@aries-data/sdk';
import { connectorsAt } from '../installed-connectors.ts';
import { shortName } from '../package-json.ts';

const LONGEST = 40;

/** Throws `USAGE` where a name cannot be that of a package. */
export function checkName(name: string): void {
  const wrong = wrongWith(name);
  if (wrong === undefined) return;
  const fixed = suggestionFor(name);
  throw new AriesError('USAGE', `"${name}" cannot be the name: ${wrong}`, {
    hint: fixed === '' ? 'Take a name such as github.' : `Take ${fixed}.`,
  });
}

/** The same for a connector, whose name must not lead to another one. */
export function checkConnectorName(name: string, from: string, own: string): void {
  checkName(shortName(name));
  if (shortName(name) !== name) {
    throw new AriesError('USAGE', `"${name}" cannot be the name: the package's prefix is put before it`, {
      hint: `Take ${shortName(name)}.`,
    });
  }
  // Its own folder does not count: whether anything in it is overwritten is asked for each file.
  if (!connectorsAt([from, own]).includes(name)) return;
  throw new AriesError('USAGE', `"${name}" cannot be the name: a connector or transform that is installed has it`, {
    hint: 'Take another one; both would be called the same in pipelines.',
  });
}

function wrongWith(name: string): string | undefined {
  if (name.length > LONGEST) return `it is longer than ${LONGEST} characters`;
  if (/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) return undefined;
  return 'it is made of lower-case letters, digits and single hyphens, and begins with a letter';
}

function suggestionFor(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-$/g, '')
    .slice(0, LONGEST)
    .replace(/-$/, '');
}
