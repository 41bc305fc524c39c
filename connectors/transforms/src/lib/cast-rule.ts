import type { Json } from '@aries-data/sdk';

/** A rule that casts values to one type, exactly or not at all. It is never given null. */
export interface CastRule {
  /** Returns undefined if the cast would change the value. */
  cast(value: Json): Json | undefined;
  /** Completes the message `is not …` for a value that cannot be cast. */
  noun: string;
  /** Replaces `is not …` for a value that almost fits. */
  hint?(value: Json): string | undefined;
}
