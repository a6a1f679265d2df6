export type Status = 'ok' | 'degraded' | 'failing' | 'starting' | 'unknown';

const COLOURS: Record<Status, string> = {
  ok: 'bg-up',
  degraded: 'bg-caution-mark',
  failing: 'bg-down',
  starting: 'bg-hit animate-breathe',
  unknown: 'bg-line-strong',
};

export const STATUS_WORDS: Record<Status, string> = {
  ok: 'Healthy',
  degraded: 'Degraded',
  failing: 'Failing',
  starting: 'Starting',
  unknown: 'Unknown',
};

/** Never alone: a word stands beside it. */
export function StatusDot({ status }: { status: Status }) {
  return <span aria-hidden className={`inline-block size-2 shrink-0 rounded-full ${COLOURS[status]}`} />;
}
