import type { ReactNode } from 'react';

interface CardProps {
  /** The section's name, also for screen readers and links within the page. */
  title: string;
  id: string;
  /** One sentence under the title. */
  note?: ReactNode;
  /** Controls at the title's right. */
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Card({ title, id, note, actions, className = '', children }: CardProps) {
  return (
    <section
      aria-labelledby={`${id}-title`}
      id={id}
      className={`flex min-w-0 scroll-mt-4 flex-col rounded-2xl border border-line bg-surface p-4 sm:p-6 ${className}`}
    >
      <header className="mb-4 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h2 id={`${id}-title`} className="text-[0.9375rem] font-semibold tracking-tight">
            {title}
          </h2>
          {note === undefined ? null : (
            <div className="mt-1 max-w-2xl text-[0.8125rem] text-ink-faint">{note}</div>
          )}
        </div>
        {actions}
      </header>
      {children}
    </section>
  );
}
