import { sqlSourceOptions, type TunnelConfig, tunnelOptions } from '@aries-data/sql';
import { z } from 'zod';

/** Connection options of both source and destination. */
const connection = {
  url: z
    .string()
    .regex(/^postgres(?:ql)?(?:\+\w{1,30})?:\/\//, 'expected postgres://user:password@host:port/database')
    .optional()
    .describe('The URL of the database: `postgres://user:password@host:5432/database?sslmode=require`')
    .meta({ secret: true }),
  host: z
    .string()
    .optional()
    .describe('The host name, address, or folder of the Unix socket. Several, separated by commas, are tried in turn'),
  port: z.int().min(1).max(65_535).optional().describe('The port of all hosts. Default: 5432'),
  database: z.string().optional().describe("The name of the database. Default: the user's name"),
  user: z.string().optional().describe('The role to connect as'),
  password: z.string().optional().describe('Its password').meta({ secret: true }),
  ssl: z
    .enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full'])
    .optional()
    .describe("The same as libpq's `sslmode`, which `url` or `PGSSLMODE` can also set. Default: `prefer`"),
  sslRootCert: z
    .string()
    .optional()
    .describe(
      "A file with the authorities (PEM) that may sign the server's certificate, or `system`. Required for `verify-ca`",
    ),
  sslCert: z.string().optional().describe('A file with the client certificate (PEM), if the server requires one'),
  sslKey: z.string().optional().describe('A file with its private key (PEM), which no other user may read'),
  connectTimeout: z.number().positive().default(10).describe('The number of seconds to wait for a connection'),
  ...tunnelOptions,
};

const logOptions = {
  mode: z
    .enum(['cursor', 'log'])
    .optional()
    .describe('How changes are found: `cursor` compares a column of each table, `log` reads the log of the database'),
  slot: z
    .string()
    .regex(/^[a-z0-9_]{1,63}$/, 'expected up to 63 small letters, digits and _')
    .optional()
    .describe('The replication slot for `mode: log`, which needs it. Each pipeline needs a slot of its own'),
  publication: z
    .string()
    .min(1)
    .optional()
    .describe('A publication that you made, for `mode: log`. Default: Aries makes one with the name of the slot'),
};

export const sourceConfig = z.object({
  ...connection,
  schema: z.string().default('public').describe('The schema whose tables and views are the streams'),
  ...sqlSourceOptions,
  ...logOptions,
  floats: z
    .enum(['number', 'decimal'])
    .default('number')
    .describe(
      'The form of `real` and `double precision` in records: numbers or exact strings. Both keep NaN and the infinities',
    ),
  timezone: z
    .string()
    .default('UTC')
    .describe(
      'The time zone of `timestamp` columns (without a zone), used when an interval or the time of reading bounds them',
    ),
});

export const destinationConfig = z.object({
  ...connection,
  schema: z.string().default('public').describe('The schema of the target tables and of the ledger. It must exist'),
  lockTimeout: z
    .number()
    .positive()
    .default(30)
    .describe('The number of seconds to wait for a locked table before ending with exit code 75'),
});

export type SourceConfig = z.output<typeof sourceConfig>;

/** The options for connecting. */
export type ConnectionConfig = TunnelConfig &
  Pick<
    SourceConfig,
    | 'url'
    | 'host'
    | 'port'
    | 'database'
    | 'user'
    | 'password'
    | 'ssl'
    | 'sslRootCert'
    | 'sslCert'
    | 'sslKey'
    | 'connectTimeout'
  >;
