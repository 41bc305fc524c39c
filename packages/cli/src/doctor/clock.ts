import { type Finding, fine, warning } from './finding.ts';

// Stores report whole seconds, and take a moment to answer.
const TOLERATED_MS = 5000;

/**
 * Compares this machine's clock with the staging's. An object was written between `begun` and `ended` by the clock here, and at
 * `modified` by the staging's, all in milliseconds.
 */
export function clockFinding(modified: number, begun: number, ended: number): Finding {
  const skew = modified < begun ? begun - modified : modified > ended ? ended - modified : 0;
  if (Math.abs(skew) <= TOLERATED_MS) return fine('clock', "agrees with the staging's");
  const seconds = Math.round(Math.abs(skew) / 1000);
  return warning(
    'clock',
    `is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} the staging's`,
    'Synchronise it by NTP: it decides which of two reads of an interval is the later one, and S3 refuses requests that are 15 minutes off.',
  );
}
