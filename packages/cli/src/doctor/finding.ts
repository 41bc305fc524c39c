import { type AriesError, type ErrorCode, toAriesError } from '@aries-data/sdk';

/** The result of one check of `aries doctor`: a part of the contract. */
export interface Finding {
  check: string;
  /** `warning`: it works now, but may fail later. */
  status: 'ok' | 'warning' | 'failed';
  message: string;
  /** What to do about it, as a sentence. */
  hint?: string;
  /** Only if it failed: the code that a step would end with. */
  code?: ErrorCode;
}

/** A check that passed. */
export function fine(check: string, message: string): Finding {
  return { check, status: 'ok', message };
}

/** A check that passed, with something that may fail later. */
export function warning(check: string, message: string, hint: string): Finding {
  return { check, status: 'warning', message, hint };
}

/** A check that failed, from the error that it threw. */
export function failed(check: string, thrown: unknown): Finding {
  const { code, message, hint }: AriesError = toAriesError(thrown);
  return { check, status: 'failed', message, hint, code };
}

/** Runs a check. A text that it returns is a finding that all is well; an error that it throws is a failed one. */
export async function examine(check: string, work: () => Promise<string | Finding>): Promise<Finding> {
  try {
    const found = await work();
    return typeof found === 'string' ? fine(check, found) : found;
  } catch (thrown) {
    return failed(check, thrown);
  }
}
