import nock from 'nock';
import { afterEach, beforeEach, expect } from 'vitest';

/** For each test of the file that calls it: no network but what `nock` answers, and every answer that was prepared is asked for. */
export function stubNetwork(): void {
  beforeEach(() => nock.disableNetConnect());
  afterEach(() => {
    const left = nock.pendingMocks();
    nock.cleanAll();
    nock.enableNetConnect();
    expect(left).toEqual([]);
  });
}
