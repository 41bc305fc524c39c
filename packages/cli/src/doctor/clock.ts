import { type Finding, fine, warning } from './finding.ts';

// Stores tell whole seconds, and take a moment.
const TOLERATED_MS = 5000;

/**
 * Compares this machine's clock with the staging's: `modified` is when it says that something was written which was written between
 * `begun` and `ended` here, all in milliseconds.
 */
export function clockFinding(modified: number, begun: number, ended: number): Finding {
  const skew = modified < begun ? begun - modified : modified > ended ? ended - modified : 0;
  if (Math.abs(skew) <= TOLERATED_MS) return fine('clock', "agrees with the staging's");
  const seconds = Math.round(Math.abs(skew) / 1000);
  return warning(
    'clock',
    `is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} the staging's`,
    'Set it by NTP: which of two reads of an interval is the later one is told by the clock, and S3 refuses requests 15 minutes off.',
  );
}
