/** Returns statements that create the table of the bench: ten mixed columns, about 200 bytes per row. */
export function wideTable(name: string, rows: number): string[] {
  return [
    `CREATE TABLE ${name} (
       id bigint PRIMARY KEY,
       account integer NOT NULL,
       amount numeric(12,2) NOT NULL,
       ratio double precision,
       active boolean NOT NULL,
       created timestamptz NOT NULL,
       day date NOT NULL,
       name text NOT NULL,
       note text,
       token uuid NOT NULL)`,
    `INSERT INTO ${name}
     SELECT n, ((n::bigint * 7919) % 100000)::int, (n % 1000000) / 100.0, CASE WHEN n % 10 = 0 THEN NULL ELSE sqrt(n) END, n % 3 = 0,
            timestamptz '2024-01-01Z' + n * interval '1.000123 s', date '2024-01-01' + (n % 3650), 'Customer number ' || n,
            CASE WHEN n % 7 = 0 THEN NULL ELSE repeat('lorem ipsum, "dolor" ', 4) || n END, md5(n::text)::uuid
       FROM generate_series(1, ${rows}) AS n`,
    `VACUUM (ANALYZE, FREEZE) ${name}`,
  ];
}
