import type { Feed } from '../lib/feed.ts';
import { Badge } from './ui/badge.tsx';

/** Marks a card whose numbers are the last that came; the reason is in its title and for screen readers. */
export function OldAnswer({ feed: { data, failure } }: { feed: Feed<unknown> }) {
  if (data === null || failure === null) return null;
  return (
    <Badge tone="caution" title={failure.message}>
      Not refreshed<span className="sr-only">: {failure.message}</span>
    </Badge>
  );
}
