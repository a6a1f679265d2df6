import { describe, expect, it } from 'vitest';
import { delayAfter, emptyFeed, isLoading, nextFeed, type Failure } from './feed.ts';

const down: Failure = { kind: 'unreachable', code: null, message: 'no answer' };

describe('feed', () => {
  it('is loading until the first answer or the first failure', () => {
    const feed = emptyFeed<number>();
    expect(isLoading(feed)).toBe(true);
    expect(isLoading(nextFeed(feed, { kind: 'failed', failure: down, at: 1 }))).toBe(false);
    expect(isLoading(nextFeed(feed, { kind: 'answered', data: 7, at: 1 }))).toBe(false);
  });

  it('keeps the last data and the first moment of a row of failures', () => {
    let feed = nextFeed(emptyFeed<number>(), { kind: 'answered', data: 7, at: 100 });
    feed = nextFeed(feed, { kind: 'failed', failure: down, at: 200 });
    feed = nextFeed(feed, { kind: 'failed', failure: down, at: 300 });
    expect(feed).toEqual({ data: 7, receivedAt: 100, failure: down, failingSince: 200, failures: 2 });
  });

  it('forgets failures with the next answer', () => {
    const failed = nextFeed(emptyFeed<number>(), { kind: 'failed', failure: down, at: 200 });
    const feed = nextFeed(failed, { kind: 'answered', data: 8, at: 300 });
    expect(feed).toEqual({ data: 8, receivedAt: 300, failure: null, failingSince: null, failures: 0 });
  });

  it('waits the interval, then twice as long with each failure, and never more than a minute', () => {
    expect([0, 1, 2, 3, 4, 5, 30].map((failures) => delayAfter(failures, 5_000))).toEqual([
      5_000, 5_000, 10_000, 20_000, 40_000, 60_000, 60_000,
    ]);
  });

  it('never asks more often after a failure than without one', () => {
    expect(delayAfter(1, 300_000)).toBe(300_000);
  });
});
