/** Settings of a PostgreSQL whose commits are durable, as on a real server, and whose checkpoints do not disturb a measurement. */
export const DURABLE = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '512MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
};
