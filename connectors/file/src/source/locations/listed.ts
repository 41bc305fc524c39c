/** A file as its location lists it. */
export interface Listed {
  name: string;
  version: string;
  /** False if it changed so lately that it may still be being written. */
  settled: boolean;
}
