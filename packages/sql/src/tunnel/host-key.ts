import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AriesError } from '@aries-data/sdk';
import { fingerprintOf, type KnownHost, knownHost, typeOf } from './known-hosts.ts';
import type { TunnelConfig } from './tunnel-options.ts';

/** How an SSH server must identify itself. */
export interface HostKeyCheck {
  /** Key types to ask for first. Otherwise the server may show another of its keys than the known one. */
  types: string[];
  /** Returns what is wrong with the key that the server shows. */
  refuse(blob: Buffer): AriesError | undefined;
}

/** Returns the check that the config asks for. Throws `NOT_FOUND` if the file of known hosts cannot be read. */
export async function hostKeyCheck(config: TunnelConfig, host: string, port: number): Promise<HostKeyCheck> {
  const { tunnelHostKey: expected } = config;
  if (expected === 'any') return { types: [], refuse: () => undefined };
  if (expected !== undefined) {
    return {
      types: [],
      refuse: (blob) =>
        fingerprintOf(blob) === expected
          ? undefined
          : refusal(`${host} shows the key ${fingerprintOf(blob)} instead of "tunnelHostKey"`, DIFFERS),
    };
  }
  const known = knownHost(await knownHostsText(config.tunnelKnownHosts), host, port);
  return { types: known.keys.flatMap(({ type }) => typesOf(type)), refuse: (blob) => refuseUnknown(known, blob, host) };
}

const DIFFERS =
  'The connection may be intercepted. If the server has a new key, ask its administrator for the fingerprint.';

function refuseUnknown({ keys, revoked }: KnownHost, blob: Buffer, host: string): AriesError | undefined {
  const fingerprint = `${typeOf(blob)} ${fingerprintOf(blob)}`;
  if (revoked.some((key) => key.blob.equals(blob)))
    return refusal(`the key of ${host} is revoked: ${fingerprint}`, DIFFERS);
  if (keys.some((key) => key.blob.equals(blob))) return undefined;
  return keys.length > 0
    ? refusal(`${host} shows another key than the known one: ${fingerprint}`, DIFFERS)
    : refusal(
        `the key of ${host} is not known: ${fingerprint}`,
        'Compare it with what the server\'s administrator says, then set it as "tunnelHostKey", or its line of ssh-keyscan as "tunnelKnownHosts".',
      );
}

function refusal(what: string, hint: string): AriesError {
  return new AriesError('CONFIG_INVALID', `SSH tunnel: ${what}`, { hint });
}

/** Returns the algorithms that prove a key. RSA keys are proven by newer ones than their name says. */
function typesOf(type: string): string[] {
  return type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type];
}

/** Reads the option: a path, or the lines themselves, which have spaces between host and key. */
async function knownHostsText(option: string | undefined): Promise<string> {
  if (option !== undefined && /\s(?:ssh|ecdsa|sk)-\S+\s+AAAA/.test(option)) return option;
  if (option !== undefined) {
    return readFile(option, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      throw new AriesError(
        'NOT_FOUND',
        `SSH tunnel: "tunnelKnownHosts" names ${option}, which cannot be read: ${cause.code}`,
        {
          cause,
          hint: 'Mount the file, or correct the path.',
        },
      );
    });
  }
  const files = [join(homedir(), '.ssh/known_hosts'), '/etc/ssh/ssh_known_hosts'];
  return (await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))).join('\n');
}
