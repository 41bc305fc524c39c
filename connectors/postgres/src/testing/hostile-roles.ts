import { randomBytes } from 'node:crypto';
import { sql } from './harness.ts';

/** Settings that change how values are printed and read, all different from what Aries needs. */
const HOSTILE = {
  reader: {
    datestyle: 'German, DMY',
    intervalstyle: 'sql_standard',
    timezone: 'Asia/Kathmandu',
    extra_float_digits: '-15',
    bytea_output: 'escape',
    xmloption: 'document',
    xmlbinary: 'hex',
    quote_all_identifiers: 'on',
    array_nulls: 'off',
    standard_conforming_strings: 'off',
    client_encoding: 'LATIN1',
    search_path: 'nowhere',
    default_transaction_isolation: 'serializable',
    row_security: 'off',
  },
  writer: {
    datestyle: 'SQL, MDY',
    intervalstyle: 'iso_8601',
    timezone: 'America/St_Johns',
    extra_float_digits: '0',
    bytea_output: 'escape',
    xmloption: 'document',
    array_nulls: 'off',
    standard_conforming_strings: 'off',
    transform_null_equals: 'on',
    client_encoding: 'SQL_ASCII',
    search_path: 'kinds',
    default_transaction_isolation: 'repeatable read',
  },
};

export interface HostileRoles {
  /** The database's URL for each role. */
  reader: string;
  writer: string;
  /** Drops the database, which contains their objects, and then the roles. */
  drop(dropDatabase: () => PromiseLike<void>): Promise<void>;
}

/** Creates superusers with hostile defaults, one for each end. */
export async function hostileRoles(url: string): Promise<HostileRoles> {
  const suffix = randomBytes(6).toString('hex');
  const urlOf = (role: string) => {
    const changed = new URL(url);
    changed.username = role;
    changed.password = suffix;
    return changed.href;
  };
  for (const [name, settings] of Object.entries(HOSTILE)) {
    const role = `${name}_${suffix}`;
    await sql(
      url,
      `CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD '${suffix}'`,
      ...Object.entries(settings).map(
        ([setting, value]) => `ALTER ROLE ${role} SET ${setting} = ${quoted(setting, value)}`,
      ),
    );
  }
  return {
    reader: urlOf(`reader_${suffix}`),
    writer: urlOf(`writer_${suffix}`),
    async drop(dropDatabase) {
      const server = new URL(url);
      server.pathname = '/postgres';
      await dropDatabase();
      await sql(server.href, ...Object.keys(HOSTILE).map((name) => `DROP ROLE ${name}_${suffix}`));
    },
  };
}

function quoted(setting: string, value: string): string {
  return setting === 'datestyle' ? value : `'${value}'`;
}
