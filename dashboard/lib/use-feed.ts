'use client';

import { useEffect, useState } from 'react';
import { ask } from './api.ts';
import { delayAfter, emptyFeed, nextFeed, type Feed } from './feed.ts';

interface FeedOptions {
  intervalMs: number;
  /** When this changes the address is asked again at once. */
  refreshKey?: string | number;
}

/**
 * Polls one address of the API: pauses while the tab is hidden, slows down while it fails, asks at once when the
 * tab comes back. Without a path it waits. An answer equal to the one before keeps its identity, so that nothing is drawn again for it.
 */
export function useFeed<Data>(path: string | null, { intervalMs, refreshKey = 0 }: FeedOptions): Feed<Data> {
  const [feed, setFeed] = useState<Feed<Data>>(emptyFeed);

  useEffect(() => {
    if (path === null) return undefined;
    const poll = startPolling<Data>({ path, intervalMs, update: setFeed });
    return () => poll.stop();
  }, [path, intervalMs, refreshKey]);

  return feed;
}

interface Polling<Data> {
  path: string;
  intervalMs: number;
  update(change: (feed: Feed<Data>) => Feed<Data>): void;
}

function startPolling<Data>({ path, intervalMs, update }: Polling<Data>): { stop(): void } {
  const gone = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  let failures = 0;
  let last: { body: string; data: Data } | null = null;

  const round = async (): Promise<void> => {
    clearTimeout(timer);
    if (busy || document.hidden) return;
    busy = true;
    try {
      const answer = await ask(path, gone.signal);
      const at = Date.now();
      if (answer.ok) {
        if (last?.body !== answer.body) last = { body: answer.body, data: answer.data as Data };
        const { data } = last;
        failures = 0;
        update((feed) => nextFeed(feed, { kind: 'answered', data, at }));
      } else {
        failures += 1;
        update((feed) => nextFeed(feed, { kind: 'failed', failure: answer.failure, at }));
      }
      timer = setTimeout(() => void round(), delayAfter(failures, intervalMs));
    } catch (error) {
      if (!gone.signal.aborted) throw error;
    } finally {
      busy = false;
    }
  };

  const onVisible = (): void => void round();
  document.addEventListener('visibilitychange', onVisible, { signal: gone.signal });
  void round();

  return {
    stop() {
      clearTimeout(timer);
      gone.abort();
    },
  };
}
