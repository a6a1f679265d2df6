import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';

/** Something that is there for those who want it. The browser's own element: keyboard and search work. */
export function Disclosure({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <details className="group mt-4 text-[0.8125rem]">
      <summary className="inline-flex min-h-8 cursor-pointer list-none items-center gap-1 rounded-md text-ink-soft hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden size={15} className="transition-transform group-open:rotate-90" />
        {title}
      </summary>
      <div className="mt-2">{children}</div>
    </details>
  );
}
