import { median, rounded } from './median.ts';
import type { Run } from './run-process.ts';

/** Makes a table of medians, from the runs of each contestant. Speeds are multiples of the first contestant's. */
export function asTable(
  what: string,
  measured: Readonly<Record<string, readonly Run[]>>,
  { things, count }: { things: string; count: number },
): Record<string, Record<string, number>> {
  const all = Object.entries(measured);
  const secondsOf = (runs: readonly Run[]) => median(runs.map(({ seconds }) => seconds));
  const baseline = secondsOf(all[0]![1]);
  return Object.fromEntries(
    all.map(([name, one]) => {
      const cpu = one.flatMap(({ cpuSeconds }) => cpuSeconds ?? []);
      const peak = one.flatMap(({ peakMegabytes }) => peakMegabytes ?? []);
      const line = {
        seconds: rounded(secondsOf(one)),
        [`${things}/s`]: Math.round(count / secondsOf(one)),
        'of the baseline': rounded(baseline / secondsOf(one)),
        ...(cpu.length === 0 ? {} : { 'CPU s': rounded(median(cpu)) }),
        ...(peak.length === 0 ? {} : { 'peak MB': Math.round(Math.max(...peak)) }),
      };
      return [`${what}: ${name}`, line];
    }),
  );
}
