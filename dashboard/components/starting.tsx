import type { Health } from '../../src/serving/contract.ts';
import { percentText } from '../lib/format.ts';

/** How far the start is, until the first window has been decided. */
export function Starting({ progress }: { progress: Health['progress'] }) {
  const share = progress?.share ?? 0;
  return (
    <section aria-label="Start" className="rounded-2xl border border-line bg-surface p-4 sm:p-6">
      <div className="mb-3 flex flex-wrap items-baseline justify-between gap-x-6 text-sm">
        <p>
          <span className="font-medium">Getting ready.</span>{' '}
          <span className="text-ink-soft">
            {progress?.phrase ?? 'The first window comes when its bar has closed.'}
          </span>
        </p>
        {progress === null ? null : <span className="text-ink-faint">{percentText(share, 0)}</span>}
      </div>
      <div
        role="progressbar"
        aria-label="Start"
        aria-valuenow={Math.round(share * 100)}
        aria-valuemin={0}
        aria-valuemax={100}
        className="h-1.5 overflow-hidden rounded-full bg-sunken"
      >
        <div
          className="h-full rounded-full bg-hit transition-all duration-500"
          style={{ width: `${share * 100}%` }}
        />
      </div>
    </section>
  );
}
