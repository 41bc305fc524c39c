import { sqlSourceOptions } from '@aries-data/sql';
import { z } from 'zod';

const database = {
  path: z
    .string()
    .min(1)
    .refine((path) => path === ':memory:' || !/^[a-z][a-z0-9+.-]+:/i.test(path), 'expected the path of a file')
    .describe('The database file'),
  schema: z.string().min(1).default('main').describe('The schema of the tables'),
  memoryLimit: z
    .string()
    .regex(/^\d+(?:\.\d+)? ?[KMGT]i?B$/i, 'expected a size such as 128MB or 2GB')
    .default('128MB')
    .describe('The memory that DuckDB may use for its buffers. Beyond it, DuckDB spills to disk, next to the file'),
  threads: z
    .int()
    .min(1)
    .optional()
    .describe('The number of threads that DuckDB may use. Default: the number of cores, up to 4'),
  lockTimeout: z
    .number()
    .min(0)
    .default(10)
    .describe(
      'The number of seconds to wait for a file that another process has open, before ending with exit code 75',
    ),
};

export const sourceConfig = z.object({
  ...database,
  path: database.path.describe('The database file, which is only read. Use `:memory:` for queries over files'),
  ...sqlSourceOptions,
  externalAccess: z
    .boolean()
    .optional()
    .describe(
      'Allows SQL to read other files and URLs and to load extensions. This includes views in the file, whoever created them. Default: only for `:memory:`, where all SQL is from the config',
    ),
  floats: z
    .enum(['number', 'decimal'])
    .default('number')
    .describe(
      'The form of FLOAT and DOUBLE in records: JSON numbers, which have no NaN or infinity, or exact strings, which do',
    ),
});

export const destinationConfig = z.object({
  ...database,
  path: database.path
    .refine((path) => path !== ':memory:', 'expected a file: data loaded into :memory: would be lost')
    .describe('The database file. It is created if it does not exist, with its folder'),
  schema: database.schema.describe(
    'The schema of the target tables and of the ledger. It is created if it does not exist',
  ),
});

export type SourceConfig = z.output<typeof sourceConfig>;
export type DestinationConfig = z.output<typeof destinationConfig>;

/** The options for opening a database. */
export type DatabaseConfig = Pick<SourceConfig, 'path' | 'memoryLimit' | 'threads' | 'lockTimeout'>;
