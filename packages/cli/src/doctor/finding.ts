import { type AriesError, type Finding, toAriesError } from '@aries-data/sdk';

/** All is well. */
export function fine(check: string, message: string): Finding {
  return { check, status: 'ok', message };
}

/** It works, and may not always. */
export function warning(check: string, message: string, hint: string): Finding {
  return { check, status: 'warning', message, hint };
}

/** It does not work: what was thrown, and what to do about it. */
export function failed(check: string, thrown: unknown): Finding {
  const { code, message, hint }: AriesError = toAriesError(thrown);
  return { check, status: 'failed', message, hint, code };
}

/** Does what is checked; the finding is what comes back, or what is thrown. */
export async function examine(check: string, work: () => Promise<string | Finding>): Promise<Finding> {
  try {
    const found = await work();
    return typeof found === 'string' ? fine(check, found) : found;
  } catch (thrown) {
    return failed(check, thrown);
  }
}
