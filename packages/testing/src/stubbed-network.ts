import nock from 'nock';
import { afterEach, beforeEach, expect } from 'vitest';

/** Allows no network access in a file's tests but what `nock` answers, and expects every prepared answer to be used. */
export function stubNetwork(): void {
  beforeEach(() => nock.disableNetConnect());
  afterEach(() => {
    const left = nock.pendingMocks();
    nock.cleanAll();
    nock.enableNetConnect();
    expect(left).toEqual([]);
  });
}
