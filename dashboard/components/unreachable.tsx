'use client';

import { Unplug } from 'lucide-react';
import type { Failure } from '../lib/feed.ts';

/** Stands in place of everything while the API never answered since the page was opened. */
export function Unreachable({ failure, onRetry }: { failure: Failure; onRetry(): void }) {
  return (
    <section
      role="alert"
      className="flex flex-col items-center gap-5 rounded-2xl border border-line bg-surface px-6 py-20 text-center sm:py-28"
    >
      <Unplug aria-hidden size={28} className="text-ink-faint" />
      <div>
        <h2 className="text-xl font-semibold tracking-tight">
          {failure.kind === 'refused' ? 'The API answers with an error' : 'The API is not reachable'}
        </h2>
        <p className="mt-2 text-sm text-ink-soft">{failure.message} The page keeps trying.</p>
      </div>
      <ol className="max-w-md list-decimal space-y-1.5 pl-5 text-left text-sm text-ink-soft marker:text-ink-faint">
        <li>
          Look at the terminal where <Code>npm start</Code> runs: is it still there, and what does it say?
        </li>
        <li>If it stopped, start it again. It goes on where it was.</li>
        <li>
          If it runs, <Code>npm run bellwether -- doctor</Code> says what is wrong and what to do.
        </li>
      </ol>
      <button
        type="button"
        onClick={onRetry}
        className="min-h-10 rounded-lg bg-ink px-5 text-sm font-medium text-page transition-opacity hover:opacity-85"
      >
        Try now
      </button>
    </section>
  );
}

function Code({ children }: { children: string }) {
  return (
    <code className="rounded bg-sunken px-1.5 py-0.5 font-mono text-[0.8125rem] text-ink">{children}</code>
  );
}
