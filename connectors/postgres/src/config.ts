import { sqlSourceOptions, type TunnelConfig, tunnelOptions } from '@aries-data/sql';
import { z } from 'zod';

/** How to reach the server: what source and destination share. */
const connection = {
  url: z
    .string()
    .regex(/^postgres(?:ql)?(?:\+\w{1,30})?:\/\//, 'expected postgres://user:password@host:port/database')
    .optional()
    .describe('Where the database is: `postgres://user:password@host:5432/database?sslmode=require`')
    .meta({ secret: true }),
  host: z
    .string()
    .optional()
    .describe('Host name, address, or folder of the Unix socket; several, separated by commas, are tried in turn'),
  port: z.int().min(1).max(65_535).optional().describe('Port of all hosts. Default: 5432'),
  database: z.string().optional().describe("Name of the database; the user's name where it is left out"),
  user: z.string().optional().describe('Role to connect as'),
  password: z.string().optional().describe('Its password').meta({ secret: true }),
  ssl: z
    .enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full'])
    .optional()
    .describe("As libpq's `sslmode`, which `url` or `PGSSLMODE` may also say. Default: `prefer`"),
  sslRootCert: z
    .string()
    .optional()
    .describe('File of the authorities (PEM) that the server must be signed by, or `system`. `verify-ca` needs it'),
  sslCert: z.string().optional().describe('File of our own certificate (PEM), where the server wants one'),
  sslKey: z.string().optional().describe('File of its private key (PEM), which nobody else may read'),
  connectTimeout: z.number().positive().default(10).describe('Seconds to wait for a connection'),
  ...tunnelOptions,
};

export const sourceConfig = z.object({
  ...connection,
  schema: z.string().default('public').describe('Schema whose tables and views are the streams'),
  ...sqlSourceOptions,
  floats: z
    .enum(['number', 'decimal'])
    .default('number')
    .describe(
      'What `real` and `double precision` are in records: numbers, or exact strings. Both keep NaN and the infinities',
    ),
  timezone: z
    .string()
    .default('UTC')
    .describe(
      'Zone of `timestamp` columns (those without a zone), where an interval or the moment of reading bounds them',
    ),
});

export const destinationConfig = z.object({
  ...connection,
  schema: z.string().default('public').describe('Schema of the target tables and of the ledger; it must exist'),
  lockTimeout: z
    .number()
    .positive()
    .default(30)
    .describe('Seconds to wait for a table that others hold locked, before ending with exit code 75'),
});

export type SourceConfig = z.output<typeof sourceConfig>;

/** What is needed to connect. */
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
