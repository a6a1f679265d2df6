/** Why an answer did not come. */
export interface Failure {
  /** `unreachable`: nobody answered. `refused`: the API answered with an error. */
  kind: 'unreachable' | 'refused';
  /** The API's error code, when it gave one. */
  code: string | null;
  message: string;
}

/** The newest answer of one address, kept while later requests fail. Times are epoch milliseconds of the browser. */
export interface Feed<Data> {
  data: Data | null;
  receivedAt: number | null;
  failure: Failure | null;
  /** When the present row of failures began. */
  failingSince: number | null;
  /** Failures in a row. */
  failures: number;
}

export type FeedEvent<Data> =
  { kind: 'answered'; data: Data; at: number } | { kind: 'failed'; failure: Failure; at: number };

const SLOWEST_MS = 60_000;

/** A feed from which nothing was heard yet. */
export function emptyFeed<Data>(): Feed<Data> {
  return { data: null, receivedAt: null, failure: null, failingSince: null, failures: 0 };
}

/** The feed after an event. A failure keeps the last data: old numbers with their age beat an empty page. */
export function nextFeed<Data>(feed: Feed<Data>, event: FeedEvent<Data>): Feed<Data> {
  if (event.kind === 'answered') {
    return { data: event.data, receivedAt: event.at, failure: null, failingSince: null, failures: 0 };
  }
  return {
    ...feed,
    failure: event.failure,
    failingSince: feed.failingSince ?? event.at,
    failures: feed.failures + 1,
  };
}

/** Milliseconds until the next request: the interval, doubled with every failure in a row, at most a minute. */
export function delayAfter(failures: number, intervalMs: number): number {
  const doubled = intervalMs * 2 ** Math.max(0, failures - 1);
  return Math.max(intervalMs, Math.min(doubled, SLOWEST_MS));
}

/** True while nothing at all is known: neither data nor a reason for its absence. */
export function isLoading(feed: Feed<unknown>): boolean {
  return feed.data === null && feed.failure === null;
}
