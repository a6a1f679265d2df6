import { Hourglass, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Health } from '../../src/serving/contract.ts';
import type { Failure } from '../lib/feed.ts';

interface WaitingProps {
  failure: Failure | null;
  health: Health | null;
  skeleton: ReactNode;
}

/** What stands in a card that has no data: a skeleton while it loads, that it comes later, or why it failed. */
export function Waiting({ failure, health, skeleton }: WaitingProps) {
  if (health !== null && health.last_window === null) {
    return <Centred icon={<Hourglass aria-hidden size={20} />}>Comes with the first window.</Centred>;
  }
  if (failure === null) return skeleton;
  return (
    <Centred icon={<TriangleAlert aria-hidden size={20} />}>
      {failure.message}
      {failure.code === null ? null : <span className="mt-1 block font-mono text-xs">{failure.code}</span>}
    </Centred>
  );
}

function Centred({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <div className="m-auto flex max-w-sm flex-col items-center gap-3 py-8 text-center text-sm text-ink-faint">
      {icon}
      <p>{children}</p>
    </div>
  );
}
