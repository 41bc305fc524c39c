import { AriesError } from '@aries-data/sdk';
import { connectorsAt } from '../installed-connectors.ts';
import { shortName } from '../package-json.ts';

const LONGEST = 40;

/** Throws `USAGE` if a name cannot be that of a package. */
export function checkName(name: string): void {
  const wrong = wrongWith(name);
  if (wrong === undefined) return;
  const fixed = suggestionFor(name);
  throw new AriesError('USAGE', `"${name}" cannot be used as a name: ${wrong}`, {
    hint: fixed === '' ? 'Use a name such as github.' : `Use ${fixed}.`,
  });
}

/** Throws `USAGE` if a name cannot be that of a new connector, because another connector already has it, among others. */
export function checkConnectorName(name: string, from: string, own: string): void {
  checkName(shortName(name));
  if (shortName(name) !== name) {
    throw new AriesError('USAGE', `"${name}" cannot be used as a name: the prefix of the package is added to it`, {
      hint: `Use ${shortName(name)}.`,
    });
  }
  // Its own folder does not count: overwriting files there is confirmed separately.
  if (!connectorsAt([from, own]).includes(name)) return;
  throw new AriesError('USAGE', `"${name}" cannot be used as a name: an installed connector or transform has it`, {
    hint: 'Use another name: pipelines could not tell the two apart.',
  });
}

function wrongWith(name: string): string | undefined {
  if (name.length > LONGEST) return `it is longer than ${LONGEST} characters`;
  if (/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) return undefined;
  return 'use lower-case letters, digits and single hyphens, starting with a letter';
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
