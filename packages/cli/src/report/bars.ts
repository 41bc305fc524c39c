import { stripVTControlCharacters, styleText } from 'node:util';
import type { Progress } from '@aries-data/engine';
import type { ProgressView } from './heartbeat.ts';
import { formatBytes, formatCount } from './numbers.ts';

const FRAME_MS = 100;
const WIDTH = 14;

/** A terminal, or a test's stand-in for one. */
export interface Screen {
  write(text: string): void;
  columns: number;
  rows: number;
}

interface Row {
  progress: Progress;
  since: number;
}

/** Bars at the bottom of the terminal, one for each stream, redrawn in place; log lines go above. */
export interface Bars extends ProgressView {
  line(text: string): void;
}

/** Draws a bar for each stream. A source rarely knows its total, so bars show movement and speed instead of a percentage. */
export function createBars(screen: Screen, now: () => number = Date.now): Bars {
  const rows = new Map<string, Row>();
  let drawn = 0;
  let frame = 0;
  const timer = setInterval(() => draw(), FRAME_MS);
  timer.unref();

  function erase(): void {
    if (drawn > 0) screen.write(`\x1b[${drawn}A\x1b[0J`);
    drawn = 0;
  }

  function draw(): void {
    if (rows.size === 0) return;
    erase();
    frame++;
    const shown = [...rows.values()].slice(-Math.max(1, screen.rows - 2));
    const text = shown.map((row) => `${fit(barOf(row, frame, now()), screen.columns - 1)}\n`).join('');
    screen.write(text);
    drawn = shown.length;
  }

  return {
    update(progress) {
      const key = `${progress.step}\n${progress.stream}`;
      const row = rows.get(key);
      if (row === undefined) rows.set(key, { progress, since: now() });
      else row.progress = progress;
    },
    line(text) {
      erase();
      screen.write(`${text}\n`);
    },
    stop() {
      clearInterval(timer);
      erase();
    },
  };
}

function barOf({ progress, since }: Row, frame: number, time: number): string {
  const { step, stream, records, rejected, bytes } = progress;
  const rate = (records * 1000) / Math.max(time - since, 1);
  const at = frame % (WIDTH + 4);
  const bar = Array.from({ length: WIDTH }, (_, index) => (index <= at && index > at - 4 ? '█' : '░')).join('');
  const counts = `${formatCount(records)} records  ${formatBytes(bytes)}  ${formatCount(Math.round(rate))}/s`;
  return `${styleText('cyan', bar)} ${styleText('bold', stream)} ${styleText('dim', step)}  ${counts}${rejected > 0 ? `  ${styleText('yellow', `${formatCount(rejected)} rejected`)}` : ''}`;
}

// A line that wraps takes two rows, and only one of them would be erased.
function fit(text: string, columns: number): string {
  return stripVTControlCharacters(text).length <= columns ? text : stripVTControlCharacters(text).slice(0, columns);
}
