import type { ReactNode } from 'react';

const TONES = {
  plain: 'border-line text-ink-soft',
  caution: 'border-caution/40 bg-caution-wash text-caution',
};

interface BadgeProps {
  tone?: keyof typeof TONES;
  title?: string;
  children: ReactNode;
}

export function Badge({ tone = 'plain', title, children }: BadgeProps) {
  return (
    <span
      title={title}
      className={`inline-flex items-center rounded-full border px-2 py-0.5 text-xs font-medium whitespace-nowrap ${TONES[tone]}`}
    >
      {children}
    </span>
  );
}
