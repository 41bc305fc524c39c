/** How a part is encoded. `pgcopy` is COPY's binary form; only PostgreSQL reads and writes it. */
export type StagedFormat = 'csv' | 'ndjson' | 'pgcopy';

/** How a part is compressed, and the ending of its name. */
export type Compression = 'zst' | 'gz' | 'none';
