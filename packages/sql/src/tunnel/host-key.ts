import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AriesError } from '@aries-data/sdk';
import { fingerprintOf, type KnownHost, knownHost, typeOf } from './known-hosts.ts';
import type { TunnelConfig } from './tunnel-options.ts';

/** Who an SSH server must be. */
export interface HostKeyCheck {
  /** Key types to ask for first, or the server would show another of its keys than the known one. */
  types: string[];
  /** What is wrong with the key that the server shows. */
  refuse(blob: Buffer): AriesError | undefined;
}

/** The check that the config asks for. Throws `NOT_FOUND` where the file of known hosts cannot be read. */
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

const DIFFERS = 'Somebody may sit in between. If the server has a new key, ask whoever runs it for its fingerprint.';

function refuseUnknown({ keys, revoked }: KnownHost, blob: Buffer, host: string): AriesError | undefined {
  const fingerprint = `${typeOf(blob)} ${fingerprintOf(blob)}`;
  if (revoked.some((key) => key.blob.equals(blob)))
    return refusal(`the key of ${host} is revoked: ${fingerprint}`, DIFFERS);
  if (keys.some((key) => key.blob.equals(blob))) return undefined;
  return keys.length > 0
    ? refusal(`${host} shows another key than the known one: ${fingerprint}`, DIFFERS)
    : refusal(
        `the key of ${host} is not known: ${fingerprint}`,
        'Compare it with what whoever runs the server says, then give it as "tunnelHostKey", or its line of ssh-keyscan in "tunnelKnownHosts".',
      );
}

function refusal(what: string, hint: string): AriesError {
  return new AriesError('CONFIG_INVALID', `SSH tunnel: ${what}`, { hint });
}

/** The algorithms that prove a key: RSA keys are proven by newer ones than they are named after. */
function typesOf(type: string): string[] {
  return type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type];
}

/** The option is a path, or the lines themselves: those hold spaces between host and key. */
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
