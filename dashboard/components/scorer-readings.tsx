'use client';

import { useId, useState } from 'react';
import type { ScorerAnswer } from '../../src/serving/contract.ts';
import { percentText, signed, withStop } from '../lib/format.ts';
import { leadingScorer, type HeadlineEffect } from '../lib/headline.ts';
import { agreementWords } from '../lib/reading.ts';
import { CarryingWords, HighlightedText } from './explained-text.tsx';
import { Badge } from './ui/badge.tsx';
import { Disclosure } from './ui/disclosure.tsx';

/** The headline as one scorer reads it, and what every scorer makes of it. */
export function ScorerReadings({ effect }: { effect: HeadlineEffect }) {
  const { scorers, explanations, unexplained, unavailable, degraded } = effect;
  const [wanted, choose] = useState<string | null>(null);
  const chosen = scorers.some(({ scorer }) => scorer === wanted)
    ? wanted
    : (leadingScorer(effect)?.scorer ?? null);
  const explanation = explanations.find(({ scorer }) => scorer === chosen) ?? null;
  return (
    <>
      <div className="flex items-start justify-between gap-4">
        <HighlightedText text={effect.text} parts={explanation?.parts ?? []} />
        {degraded ? <Badge tone="caution">Degraded</Badge> : null}
      </div>
      <section>
        <h3 className="mb-2 font-medium">How it reads</h3>
        <Readings scorers={scorers} chosen={chosen} onChoose={choose} />
        <p className="mt-2 leading-5 text-ink-soft empty:hidden">{agreementWords(effect.agreement)}</p>
        {chosen === null ? null : (
          <CarryingWords
            scorer={chosen}
            explanation={explanation}
            silence={unexplained.find(({ scorer }) => scorer === chosen) ?? null}
          />
        )}
        <Silent unavailable={unavailable} />
      </section>
    </>
  );
}

interface ReadingsProps {
  scorers: readonly ScorerAnswer[];
  chosen: string | null;
  onChoose(scorer: string): void;
}

/** One of them is chosen; its words are shown. */
function Readings({ scorers, chosen, onChoose }: ReadingsProps) {
  const name = useId();
  const isChoice = scorers.length > 1;
  return (
    <fieldset className="space-y-0.5">
      <legend className="sr-only">Whose words to show</legend>
      {scorers.map((answer) => (
        <label
          key={answer.scorer}
          className={`-mx-2 grid min-h-8 grid-cols-[auto_1fr] items-center gap-x-3 gap-y-1 rounded-lg px-2 py-1 has-focus-visible:outline-2 has-focus-visible:outline-[var(--focus)] sm:grid-cols-[9.5rem_1fr_9.5rem] ${isChoice ? 'cursor-pointer transition-colors hover:bg-sunken/60 has-checked:bg-sunken' : ''}`}
        >
          <span className="flex items-center gap-2">
            {isChoice ? (
              <input
                type="radio"
                name={name}
                value={answer.scorer}
                checked={answer.scorer === chosen}
                onChange={() => onChoose(answer.scorer)}
                className="size-3 shrink-0 accent-[var(--ink)] outline-none"
              />
            ) : null}
            <span className={answer.scorer === chosen ? 'font-medium' : ''}>{answer.scorer}</span>
            <span className="font-mono text-xs text-ink-faint">{answer.version}</span>
          </span>
          <span className="text-right sm:order-last">
            <span className="font-medium">{signed(answer.sentiment)}</span>
            {answer.label === null ? '' : ` ${answer.label}`}
            {answer.confidence === null ? null : (
              <span className="text-ink-faint">, {percentText(answer.confidence, 0)}</span>
            )}
          </span>
          <SentimentBar sentiment={answer.sentiment} />
        </label>
      ))}
    </fieldset>
  );
}

/** From −1 to 1, from the middle. */
function SentimentBar({ sentiment }: { sentiment: number | null }) {
  const place = ((sentiment ?? 0) + 1) * 50;
  return (
    <span
      aria-hidden
      className="relative h-2 rounded-full bg-line/70 max-sm:col-span-2 max-sm:mb-1 max-sm:ml-5"
    >
      <span
        className={`absolute inset-y-0 ${place < 50 ? 'rounded-l-full bg-down' : 'rounded-r-full bg-up'}`}
        style={{ left: `${Math.min(50, place)}%`, width: `${Math.abs(place - 50)}%` }}
      />
      <span className="absolute -inset-y-1 left-1/2 w-px bg-ink" />
    </span>
  );
}

function Silent({ unavailable }: Pick<HeadlineEffect, 'unavailable'>) {
  if (unavailable.length === 0) return null;
  const names = unavailable.map(({ scorer }) => scorer).join(', ');
  return (
    <Disclosure title={`No answer: ${names}`}>
      <ul className="space-y-1.5 text-xs leading-5 text-ink-soft">
        {unavailable.map(({ scorer, reason, remedy }) => (
          <li key={scorer} className="break-words">
            <span className="font-medium text-ink">{scorer}.</span> {withStop(reason)} {withStop(remedy)}
          </li>
        ))}
      </ul>
    </Disclosure>
  );
}
