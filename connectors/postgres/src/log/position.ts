import { z } from 'zod';

/** How far a stream has come in the log. */
export const logPosition = z.object({
  /** Everything before this place is loaded: the end of a commit, or a place between two transactions. */
  lsn: z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/),
  /** Which database cluster the log belongs to. */
  system: z.string().regex(/^\d{1,20}$/),
  /**
   * The transactions that had ended when the read began, as `pg_current_snapshot()` prints them. Up to then everything that decides what is
   * logged was checked. If it is still as one of them made it, it has been so all the time since.
   */
  snapshot: z.string().regex(/^\d+:\d+:(?:\d+(?:,\d+)*)?$/),
});
export type LogPosition = z.output<typeof logPosition>;
