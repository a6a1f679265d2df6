import { ago, momentFrom } from './format.ts';

/** A source that said nothing for longer is marked, whether it is dead, late, or ends there in a history. */
export const STALE_SOURCE_DAYS = 3;

const DAY_MS = 86_400_000;

/** When a source was last heard, as seen from the system's clock; null where it never was. */
export function lastHeard(
  lastKnownAt: string | null,
  now: number,
): { when: string; age: string; isStale: boolean } | null {
  if (lastKnownAt === null) return null;
  const at = Date.parse(lastKnownAt);
  return { when: momentFrom(at, now), age: ago(at, now), isStale: now - at > STALE_SOURCE_DAYS * DAY_MS };
}
