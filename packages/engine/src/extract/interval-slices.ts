import { cursorKindOf, type SelectedStream } from '../step/select-streams.ts';
import type { StreamWindow } from './stream-window.ts';

const DAY_MS = 86_400_000;

/** Slice of an interval, with both bounds set. */
interface Slice {
  since: string;
  until: string;
}

/**
 * Splits the interval of a stream into slices of about the same length, at whole seconds, or at whole days for a date cursor. A
 * record that changes in the meantime can be in two of them, so the stream needs a key. Returns `[]` if it cannot be split.
 */
export function intervalSlices(selected: SelectedStream, { mode, window }: StreamWindow, wanted: number): Slice[] {
  const kind = cursorKindOf(selected.schema, selected.cursor);
  if (mode !== 'interval' || selected.primaryKey.length === 0 || (kind !== 'date-time' && kind !== 'date')) return [];
  const unit = kind === 'date' ? DAY_MS : 1000;
  const [start, end] = [Date.parse(window.since!), Date.parse(window.until!)];
  const inside = Array.from({ length: wanted - 1 }, (_, index) => {
    const at = start + ((end - start) * (index + 1)) / wanted;
    return Math.round(at / unit) * unit;
  });
  const bounds = [...new Set(inside)].filter((at) => at > start && at < end).map((at) => new Date(at).toISOString());
  const edges = [window.since!, ...bounds, window.until!];
  return edges.slice(1).map((until, index) => ({ since: edges[index]!, until }));
}
