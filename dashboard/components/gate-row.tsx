import { Check, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { GateDecision } from '../../src/serving/contract.ts';
import { count, signed, withStop } from '../lib/format.ts';
import { contestants, isCompared, KIND_WORDS } from '../lib/gate.ts';
import type { Scale } from '../lib/scale.ts';
import { IntervalPlot } from './interval-plot.tsx';

/** Name, picture, numbers; on a phone the picture takes a line of its own. */
export const GATE_ROW =
  'grid grid-cols-[1fr_auto] gap-x-4 gap-y-1 sm:grid-cols-[8.5rem_1fr_10.75rem] max-sm:[&>:nth-child(2)]:col-span-2 max-sm:[&>:nth-child(2)]:row-start-2';

const NATS_DIGITS = 4;
const AGREEMENT_DIGITS = 3;

interface GateRowProps {
  decision: GateDecision;
  scale: Scale | null;
}

export function GateRow({ decision, scale }: GateRowProps) {
  return (
    <li className={`${GATE_ROW} items-center py-3 text-[0.8125rem]`}>
      <div className="min-w-0">
        <p className="font-medium">{decision.arm}</p>
        <p className="text-xs text-ink-faint">{KIND_WORDS[decision.kind]}</p>
      </div>
      <Picture decision={decision} scale={scale} />
      <div className="text-right">
        <VerdictWord verdict={decision.verdict} />
        <Gain decision={decision} />
      </div>
      <div className="col-span-full space-y-1 text-xs leading-5 text-ink-soft">
        <Contest decision={decision} />
        <p className="text-ink-faint">{withStop(decision.reason)}</p>
      </div>
    </li>
  );
}

function Picture({ decision, scale }: GateRowProps) {
  if (scale === null || !isCompared(decision)) {
    return (
      <p className="flex h-7 items-center justify-center rounded bg-sunken px-2 text-center text-xs text-ink-faint">
        {decision.kind === 'first' ? 'nothing to compare with' : 'not compared'}
      </p>
    );
  }
  return (
    <IntervalPlot
      scale={scale}
      lines={[
        { at: 0, look: 'solid' },
        { at: decision.threshold, look: 'dashed' },
      ]}
      value={decision.gain}
      low={decision.low}
      high={decision.high}
    />
  );
}

const VERDICTS = {
  promoted: { word: 'Passed', colour: 'text-up', Icon: Check },
  refused: { word: 'Refused', colour: 'text-miss', Icon: X },
} as const;

function VerdictWord({ verdict }: { verdict: GateDecision['verdict'] }) {
  const { word, colour, Icon } = VERDICTS[verdict];
  return (
    <p className={`inline-flex items-center gap-1 font-medium ${colour}`}>
      <Icon aria-hidden size={15} strokeWidth={2.5} />
      {word}
    </p>
  );
}

function Gain({ decision }: { decision: GateDecision }) {
  if (decision.gain === null) return null;
  const { gain, low, high } = decision;
  return (
    <p className="text-xs whitespace-nowrap">
      <span className="sr-only">Gain in nats </span>
      {signed(gain, NATS_DIGITS)}
      {low === null || high === null ? null : (
        <span className="ml-1.5 text-ink-faint">
          ({signed(low, NATS_DIGITS)} to {signed(high, NATS_DIGITS)})
        </span>
      )}
    </p>
  );
}

/** Who against whom, and on how much. */
function Contest({ decision }: { decision: GateDecision }) {
  const { candidate, incumbent } = contestants(decision);
  const { n, agreement } = decision;
  return (
    <p>
      <span className="font-mono">{candidate}</span>
      {incumbent === null ? null : (
        <>
          {' '}
          against <span className="font-mono">{incumbent}</span>
        </>
      )}
      {n === 0 ? null : <ContestFact>n {count(n)}</ContestFact>}
      {agreement === null ? null : (
        <ContestFact>agreement within {agreement.toFixed(AGREEMENT_DIGITS)}</ContestFact>
      )}
    </p>
  );
}

/** The space stands outside, so that a line can break before the dot. */
function ContestFact({ children }: { children: ReactNode }) {
  return (
    <>
      {' '}
      <span className="whitespace-nowrap">· {children}</span>
    </>
  );
}
