import type { ReactNode } from 'react';

/** A name and what it is, within a `dl`. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-xs text-ink-faint">{name}</dt>
      <dd className="mt-0.5 text-ink">{children}</dd>
    </div>
  );
}
