import type { ReactNode } from 'react';
import { horizon, momentFrom, percentText, signed } from '../lib/format.ts';
import { effectWords, pointsText, signOf, type ArmEffect, type HeadlineEffect } from '../lib/headline.ts';
import { gaugePlace, gaugeScale, type GaugeScale } from '../lib/signal.ts';
import { FILLS } from './probability-gauge.tsx';
import { ScorerReadings } from './scorer-readings.tsx';
import { Disclosure } from './ui/disclosure.tsx';

const DIGITS = 2;
/** With five scorers there are up to seventeen. */
const ARMS_SHOWN = 6;

export function HeadlineResult({ effect }: { effect: HeadlineEffect }) {
  return (
    <div className="space-y-5 text-[0.8125rem]">
      <ScorerReadings effect={effect} />
      {effect.main === null ? (
        <p className="text-ink-soft">
          No window has been decided yet, so no model can say what this would do to the price.
        </p>
      ) : (
        <>
          <Main main={effect.main} effect={effect} />
          <Arms effect={effect} />
        </>
      )}
      {effect.degraded && effect.main !== null ? (
        <p className="text-caution">
          Degraded: a part was missing, a scorer did not answer, a model is past its expiry, or another arm
          stood in for the champion. The rest is answered all the same.
        </p>
      ) : null}
    </div>
  );
}

function Main({ main, effect }: { main: ArmEffect; effect: HeadlineEffect }) {
  const { before, after, change } = main;
  const scale = gaugeScale(before === null ? [after] : [before, after]);
  return (
    <Block
      title={`Probability of a higher price in ${horizon(effect.horizonMinutes)}`}
      note={effect.windowEnd === null ? '' : `from ${windowWords(effect.windowEnd)}`}
    >
      <div className="grid grid-cols-[auto_1fr_auto] items-center gap-x-4 gap-y-2">
        {before === null ? null : (
          <ProbabilityRow name="Now" value={before} scale={scale} fill="bg-line-strong" />
        )}
        <ProbabilityRow name="With it" value={after} scale={scale} fill={FILLS[main.direction]} isNew />
        <div aria-hidden className="col-start-2 -mt-1 flex justify-between text-[11px] text-ink-faint">
          <span>{percentText(scale.low, 0)}</span>
          <span>50&nbsp;%</span>
          <span>{percentText(scale.high, 0)}</span>
        </div>
      </div>
      <p className="mt-3 leading-5 text-ink-soft">
        <span className="font-medium text-ink">
          {main.isChampion ? 'The champion' : 'Standing in for the champion'}: {pointsText(change)},{' '}
          {main.direction}.
        </span>{' '}
        {effectWords(main)}
      </p>
    </Block>
  );
}

interface ProbabilityRowProps {
  name: string;
  value: number;
  scale: GaugeScale;
  fill: string;
  isNew?: boolean;
}

/** A bar from one half, on the scale of the gauges above. */
function ProbabilityRow({ name, value, scale, fill, isNew = false }: ProbabilityRowProps) {
  const place = gaugePlace(value, scale) * 100;
  return (
    <>
      <span className={isNew ? 'font-medium' : 'text-ink-soft'}>{name}</span>
      <span aria-hidden className="relative h-2.5 rounded-full bg-sunken">
        <span
          className={`absolute inset-y-0 transition-all duration-500 ${fill} ${place < 50 ? 'rounded-l-full' : 'rounded-r-full'}`}
          style={{ left: `${Math.min(50, place)}%`, width: `${Math.abs(place - 50)}%` }}
        />
        <span className="absolute -inset-y-1 left-1/2 w-px bg-ink" />
      </span>
      <span className={`text-right ${isNew ? 'font-medium' : 'text-ink-soft'}`}>
        {percentText(value, DIGITS)}
      </span>
    </>
  );
}

/** Those that a headline moves most are shown, the others on demand. */
function Arms({ effect: { arms } }: { effect: HeadlineEffect }) {
  const rest = arms.slice(ARMS_SHOWN);
  return (
    <div>
      <ArmsTable
        arms={arms.slice(0, ARMS_SHOWN)}
        caption="Every arm with its change in percentage points, the most moved first"
      />
      {rest.length === 0 ? null : (
        <Disclosure title={`${rest.length} more`}>
          <ArmsTable arms={rest} caption="The other arms" />
        </Disclosure>
      )}
    </div>
  );
}

function ArmsTable({ arms, caption }: { arms: readonly ArmEffect[]; caption: string }) {
  return (
    <table className="w-full text-left">
      <caption className="mb-1 text-left text-xs text-ink-faint">{caption}</caption>
      <thead className="text-xs text-ink-faint">
        <tr className="border-b border-line">
          {['Arm', 'Now', 'With it', 'Points'].map((name, place) => (
            <th
              key={name}
              scope="col"
              className={`py-1.5 font-medium ${place === 0 ? 'pr-3' : 'pl-3 text-right'}`}
            >
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {arms.map((arm) => (
          <ArmRow key={arm.arm} arm={arm} />
        ))}
      </tbody>
    </table>
  );
}

function ArmRow({ arm }: { arm: ArmEffect }) {
  const remarks = [
    arm.isChampion ? 'champion' : '',
    arm.readsNews ? '' : 'counts headlines, reads none',
    arm.degraded ? 'degraded' : '',
  ].filter((remark) => remark !== '');
  return (
    <tr className="border-b border-line align-top last:border-0">
      <th scope="row" className="py-1.5 pr-3 font-normal">
        {arm.arm}
        {remarks.length === 0 ? null : (
          <span className="block text-xs text-ink-faint">{remarks.join(', ')}</span>
        )}
      </th>
      <td className="py-1.5 pl-3 text-right whitespace-nowrap text-ink-soft">
        {percentText(arm.before, DIGITS)}
      </td>
      <td className="py-1.5 pl-3 text-right whitespace-nowrap">{percentText(arm.after, DIGITS)}</td>
      <td className={`py-1.5 pl-3 text-right ${changeColour(arm.change)}`}>
        {signed(arm.change === null ? null : arm.change * 100, DIGITS)}
      </td>
    </tr>
  );
}

function changeColour(change: number | null): string {
  const sign = signOf(change);
  if (sign === 0) return 'text-ink-faint';
  return sign > 0 ? 'text-up' : 'text-down';
}

function Block({ title, note = '', children }: { title: string; note?: string; children: ReactNode }) {
  return (
    <section>
      <h3 className="mb-2 flex flex-wrap items-baseline justify-between gap-x-4 font-medium">
        {title}
        {note === '' ? null : <span className="text-xs font-normal text-ink-faint">{note}</span>}
      </h3>
      {children}
    </section>
  );
}

function windowWords(windowEnd: string): string {
  const at = Date.parse(windowEnd);
  return `the window of ${momentFrom(at, at)} UTC`;
}
