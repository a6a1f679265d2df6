'use client';

import { useState } from 'react';
import type { ModelsStatus } from '../../src/serving/contract.ts';
import { fullMoment, horizon, momentFrom, signed } from '../lib/format.ts';
import { gateRounds, roundWords, type GatePanel, type GateRound } from '../lib/gate.ts';
import { tickDigits, type Scale } from '../lib/scale.ts';
import { HORIZONS } from '../lib/use-dashboard.ts';
import { GATE_ROW, GateRow } from './gate-row.tsx';
import { IntervalAxis } from './interval-plot.tsx';
import { ModelsAnswerCard, type ModelsFeed } from './models-answer-card.tsx';
import { Disclosure } from './ui/disclosure.tsx';
import { Segmented } from './ui/segmented.tsx';

/** What was to go live, what it was measured against, and what came of it. */
export function GateCard(feed: ModelsFeed) {
  return (
    <ModelsAnswerCard
      {...feed}
      id="gate"
      title="Gate"
      note="Each bar shows how much better or worse a candidate did than the model it would replace, give or take chance; it goes live only when the whole bar lies right of the dashed line."
      legend={<GateLegend />}
    >
      {(status) => <Rounds status={status} />}
    </ModelsAnswerCard>
  );
}

function Rounds({ status }: { status: ModelsStatus }) {
  const now = Date.parse(status.at);
  const [chosen, choose] = useState<string>(String(HORIZONS[0]));
  const [newest, ...earlier] = gateRounds(status.gate);
  if (newest === undefined) {
    return (
      <p className="py-8 text-center text-sm text-ink-faint">
        Nothing was decided yet. The first retraining brings the first candidates.
      </p>
    );
  }
  return (
    <>
      <div className="mb-4 lg:hidden">
        <Segmented
          label="Horizon of the decisions"
          value={chosen}
          options={HORIZONS.map((each) => ({ value: String(each), label: horizon(each) }))}
          onChange={choose}
        />
      </div>
      <p className="mb-4 text-[0.8125rem] text-ink-soft">
        Newest decisions, {fullMoment(Date.parse(newest.at))}:{' '}
        <span className="font-medium text-ink">{roundWords(newest)}</span>
      </p>
      <Panels round={newest} chosen={chosen} />
      <div className="not-empty:mt-5 [&>details]:mt-1">
        {earlier.map((round) => (
          <Disclosure
            key={round.at}
            title={`${momentFrom(Date.parse(round.at), now)} UTC: ${roundWords(round)}`}
          >
            <div className="pt-2">
              <Panels round={round} chosen={chosen} />
            </div>
          </Disclosure>
        ))}
      </div>
      <p className="mt-6 max-w-3xl text-xs leading-5 text-ink-faint">
        Gain: how much less the candidate was surprised by what came true on the same past windows (log loss,
        nats a window); above zero is better. Newer data only has to be no worse by more than a small margin,
        so its line stands left of zero; a new recipe or another champion has to be better. A model past its
        expiry is replaced more readily, and the reason says so. The bar is a 90&nbsp;% interval by block
        bootstrap, wider where several arms challenge the champion. Agreement: how far, on average, the
        probabilities of what ships lie from those of the fit that was judged.
      </p>
    </>
  );
}

/** Side by side where there is room, else the horizon that was chosen. */
function Panels({ round, chosen }: { round: GateRound; chosen: string }) {
  const isThere = round.panels.some(({ horizonMinutes }) => String(horizonMinutes) === chosen);
  return (
    <div className="grid gap-x-12 gap-y-8 lg:grid-cols-2">
      {isThere ? null : (
        <p className="text-[0.8125rem] text-ink-faint lg:hidden">
          Nothing was decided {horizon(Number(chosen))} ahead.
        </p>
      )}
      {round.panels.map((panel) => (
        <div
          key={panel.horizonMinutes}
          className={String(panel.horizonMinutes) === chosen ? '' : 'max-lg:hidden'}
        >
          <HorizonPanel panel={panel} />
        </div>
      ))}
    </div>
  );
}

function HorizonPanel({ panel: { horizonMinutes, decisions, scale } }: { panel: GatePanel }) {
  return (
    <section aria-label={`Gate ${horizon(horizonMinutes)} ahead`} className="min-w-0">
      <h3 className="mb-2 text-[0.8125rem] font-medium">{horizon(horizonMinutes)} ahead</h3>
      <ul className="divide-y divide-line">
        {decisions.map((decision, place) => (
          <GateRow key={place} decision={decision} scale={scale} />
        ))}
      </ul>
      {scale === null ? null : <PanelAxis scale={scale} />}
    </section>
  );
}

function PanelAxis({ scale }: { scale: Scale }) {
  const digits = tickDigits(scale);
  return (
    <div className={`${GATE_ROW} border-t border-line pt-1`}>
      <span className="max-sm:hidden" />
      <div aria-hidden>
        <IntervalAxis scale={scale} middle={0} label={(tick) => signed(tick, digits)} />
        <p className="flex justify-between text-[11px] text-ink-faint">
          <span>← worse</span>
          <span>better →</span>
        </p>
      </div>
      <span className="text-right text-[11px] text-ink-faint max-sm:hidden">gain, nats</span>
    </div>
  );
}

function GateLegend() {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-soft" aria-label="Legend of the gate">
      <li className="inline-flex items-center gap-1.5">
        <span aria-hidden className="relative inline-block h-3 w-6">
          <span className="absolute top-1/2 h-[3px] w-full -translate-y-1/2 rounded-full bg-hit opacity-45" />
          <span className="absolute top-1/2 left-1/2 size-2.5 -translate-1/2 rounded-full bg-hit" />
        </span>
        gain, 90 % interval
      </li>
      <li className="inline-flex items-center gap-1.5">
        <span aria-hidden className="h-3 border-l-[1.5px] border-dashed border-ink" />
        has to be passed
      </li>
      <li className="inline-flex items-center gap-1.5">
        <span aria-hidden className="h-3 w-px bg-ink-faint" />
        equal
      </li>
    </ul>
  );
}
