import { z } from 'zod';

/** The options of SQL connectors for connecting through an SSH server. */
export const tunnelOptions = {
  tunnel: z
    .string()
    .regex(/^ssh:\/\//, 'expected ssh://user@host:port')
    .optional()
    .describe('SSH server to go through, which then connects to the database: `ssh://user@host:22`')
    .meta({ secret: true }),
  tunnelKey: z
    .string()
    .optional()
    .describe('File of the private key for it, or the key itself; the SSH agent where key and password are left out')
    .meta({ secret: true }),
  tunnelKeyPassphrase: z.string().optional().describe('Passphrase of the private key').meta({ secret: true }),
  tunnelPassword: z.string().optional().describe('Password, where there is no key').meta({ secret: true }),
  tunnelKnownHosts: z
    .string()
    .optional()
    .describe(
      "File of known servers' keys, or its lines; `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts` where it is left out",
    ),
  tunnelHostKey: z
    .string()
    .regex(/^(?:SHA256:[A-Za-z0-9+/]{43}|any)$/, 'expected SHA256:… as ssh-keygen -l prints it, or any')
    .optional()
    .describe("The server's key in place of known hosts: `SHA256:…`; `any` does not check who answers"),
};

/** The part of a connector's config that concerns the tunnel. */
export interface TunnelConfig {
  tunnel?: string | undefined;
  tunnelKey?: string | undefined;
  tunnelKeyPassphrase?: string | undefined;
  tunnelPassword?: string | undefined;
  tunnelKnownHosts?: string | undefined;
  tunnelHostKey?: string | undefined;
  /** Seconds to wait for the SSH server. */
  connectTimeout?: number | undefined;
}
