import { sqlSourceOptions } from '@aries-data/sql';
import { z } from 'zod';

const database = {
  path: z
    .string()
    .min(1)
    .refine((path) => path === ':memory:' || !/^[a-z][a-z0-9+.-]+:/i.test(path), 'expected the path of a file')
    .describe('File of the database'),
  schema: z.string().min(1).default('main').describe('Schema whose tables are meant'),
  memoryLimit: z
    .string()
    .regex(/^\d+(?:\.\d+)? ?[KMGT]i?B$/i, 'expected a size such as 128MB or 2GB')
    .default('128MB')
    .describe('Memory that DuckDB may use for its buffers; beyond it spills to disk, beside the file'),
  threads: z
    .int()
    .min(1)
    .optional()
    .describe('Threads that DuckDB may use; as many as the machine has cores, up to 4, where it is left out'),
  lockTimeout: z
    .number()
    .min(0)
    .default(10)
    .describe('Seconds to wait for a file that another process has open, before ending with exit code 75'),
};

export const sourceConfig = z.object({
  ...database,
  path: database.path.describe('File of the database; it is only read. `:memory:` serves queries over files'),
  ...sqlSourceOptions,
  externalAccess: z
    .boolean()
    .optional()
    .describe(
      'Whether SQL may read other files and addresses and load extensions: views of the file, too, whoever made it. By default only with `:memory:`, where all SQL is that of the config',
    ),
  floats: z
    .enum(['number', 'decimal'])
    .default('number')
    .describe(
      'What FLOAT and DOUBLE are in records: JSON numbers, which have no NaN and no infinity, or exact strings, which do',
    ),
});

export const destinationConfig = z.object({
  ...database,
  path: database.path
    .refine((path) => path !== ':memory:', 'expected a file: nothing that is loaded into :memory: would remain')
    .describe('File of the database; made where it is missing, with its folder'),
  schema: database.schema.describe('Schema of the target tables and of the ledger; made where it is missing'),
});

export type SourceConfig = z.output<typeof sourceConfig>;
export type DestinationConfig = z.output<typeof destinationConfig>;

/** What is needed to open a database. */
export type DatabaseConfig = Pick<SourceConfig, 'path' | 'memoryLimit' | 'threads' | 'lockTimeout'>;
