/** What a process of `aries run --follow` is doing: reading, loading, or neither. */
export type Phase = 'extract' | 'load' | 'between';

/** Knows from the log of `aries run --follow --log-level debug` what the process is doing. */
export interface PhaseLog {
  readonly phase: Phase;
  /** How long each phase took the last time, in milliseconds. */
  readonly lasted: Readonly<Partial<Record<Phase, number>>>;
  /** Number of runs that ended well, and of those among them that found nothing. */
  readonly ended: number;
  readonly idle: number;
  /** Takes the next piece of output. */
  read(text: string): void;
}

export function phaseLog(): PhaseLog {
  const lasted: Partial<Record<Phase, number>> = {};
  let [phase, since, ended, idle, rest]: [Phase, number, number, number, string] = ['between', 0, 0, 0, ''];
  function line(text: string): void {
    const { step, message = '' } = JSON.parse(text) as { step?: 'extract' | 'load'; message?: string };
    if (message === 'Nothing new') idle++;
    if (/^(?:Nothing new|Loaded \d+ records?)$/.test(message)) ended++;
    const now = performance.now();
    const next = step ?? 'between';
    if (since > 0 && next === phase) return;
    if (since > 0) lasted[phase] = now - since;
    [phase, since] = [next, now];
  }
  return {
    get phase() {
      return phase;
    },
    lasted,
    get ended() {
      return ended;
    },
    get idle() {
      return idle;
    },
    read(text) {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const one of lines) if (one.startsWith('{"time"')) line(one);
    },
  };
}
