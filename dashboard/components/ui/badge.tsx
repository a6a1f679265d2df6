import type { ReactNode } from 'react';

export type Tone = 'plain' | 'up' | 'down' | 'caution' | 'hit' | 'miss';

const TONES: Record<Tone, string> = {
  plain: 'border-line text-ink-soft',
  up: 'border-up/40 bg-up/10 text-up',
  down: 'border-down/40 bg-down/10 text-down',
  caution: 'border-caution/40 bg-caution-wash text-caution',
  hit: 'border-hit/40 bg-hit/10 text-hit',
  miss: 'border-miss/40 bg-miss/10 text-miss',
};

export function Badge({
  tone = 'plain',
  title,
  children,
}: {
  tone?: Tone;
  title?: string;
  children: ReactNode;
}) {
  return (
    <span
      title={title}
      className={`inline-flex items-center gap-1 rounded-full border px-2 py-0.5 text-xs font-medium whitespace-nowrap ${TONES[tone]}`}
    >
      {children}
    </span>
  );
}
