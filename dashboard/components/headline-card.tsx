'use client';

import { Loader2, TriangleAlert } from 'lucide-react';
import { useId, useRef, useState, type KeyboardEvent, type SubmitEvent } from 'react';
import { horizon } from '../lib/format.ts';
import { HEADLINE_EXAMPLES, oneLine, spokenEffect, type HeadlineQuestion } from '../lib/headline.ts';
import { HORIZONS } from '../lib/use-dashboard.ts';
import { useHeadline, type HeadlineState } from '../lib/use-headline.ts';
import { HeadlineResult } from './headline-result.tsx';
import { Card } from './ui/card.tsx';
import { Segmented } from './ui/segmented.tsx';

/** A headline that somebody makes up, and what the models would make of it. */
export function HeadlineCard() {
  const { state, submit } = useHeadline();
  return (
    <Card
      id="headline"
      title="Try a headline"
      note="What would the models say if this became known now? Nothing of it is stored, and no real answer changes."
    >
      <div className="grid gap-x-12 gap-y-6 lg:grid-cols-2">
        <HeadlineForm isAsking={state.isAsking} onAsk={submit} />
        <section aria-label="Answer" aria-busy={state.isAsking} className="min-w-0">
          <p role="status" className="sr-only">
            {spokenState(state)}
          </p>
          <Outcome state={state} />
        </section>
      </div>
    </Card>
  );
}

interface HeadlineFormProps {
  isAsking: boolean;
  onAsk(question: HeadlineQuestion): void;
}

function HeadlineForm({ isAsking, onAsk }: HeadlineFormProps) {
  const id = useId();
  const box = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState('');
  const [minutes, setMinutes] = useState<string>(String(HORIZONS[0]));
  const [isEmpty, setEmpty] = useState(false);

  const write = (next: string): void => {
    setText(next);
    setEmpty(false);
  };
  const send = (event: SubmitEvent): void => {
    event.preventDefault();
    const line = oneLine(text);
    setEmpty(line === '');
    if (line === '') box.current?.focus();
    else onAsk({ text: line, horizonMinutes: Number(minutes) });
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    // While an input method composes a letter, Enter is its own.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    event.currentTarget.form?.requestSubmit();
  };

  return (
    <form onSubmit={send} className="flex min-w-0 flex-col gap-3" noValidate>
      <label htmlFor={id} className="text-[0.8125rem] font-medium">
        Headline
      </label>
      <textarea
        id={id}
        ref={box}
        rows={2}
        value={text}
        placeholder={HEADLINE_EXAMPLES[0]}
        aria-describedby={`${id}-hint`}
        aria-invalid={isEmpty}
        onChange={(event) => write(event.target.value)}
        onKeyDown={onKeyDown}
        className="w-full resize-y rounded-lg border border-line-strong bg-page px-3 py-2 text-base leading-6 text-ink placeholder:text-ink-faint aria-invalid:border-down sm:text-sm"
      />
      <p id={`${id}-hint`} className="-mt-1 text-xs text-ink-faint">
        {isEmpty ? (
          <span role="alert" className="font-medium text-down">
            Type a headline first, or take one of the examples.
          </span>
        ) : (
          'English is understood best. Enter sends it.'
        )}
      </p>
      <Examples onPick={write} />
      <div className="mt-1 flex flex-wrap items-center justify-between gap-3">
        <Segmented
          label="Horizon of the question"
          value={minutes}
          options={HORIZONS.map((each) => ({ value: String(each), label: horizon(each) }))}
          onChange={setMinutes}
        />
        <AskButton isAsking={isAsking} />
      </div>
    </form>
  );
}

/** It can be pressed while an answer is on its way: the newer question overtakes the older one. */
function AskButton({ isAsking }: { isAsking: boolean }) {
  return (
    <button
      type="submit"
      className="inline-flex min-h-10 items-center gap-2 rounded-lg bg-ink px-5 text-sm font-medium text-page transition-opacity hover:opacity-85"
    >
      {isAsking ? <Loader2 aria-hidden size={15} className="animate-spin" /> : null}
      {isAsking ? 'Asking…' : 'Ask the models'}
    </button>
  );
}

function Examples({ onPick }: { onPick(text: string): void }) {
  return (
    <ul aria-label="Examples" className="flex flex-col items-start gap-1.5">
      {HEADLINE_EXAMPLES.map((example) => (
        <li key={example} className="max-w-full">
          <button
            type="button"
            onClick={() => onPick(example)}
            className="min-h-8 max-w-full rounded-lg border border-line px-2.5 py-1 text-left text-xs text-ink-soft transition-colors hover:border-line-strong hover:text-ink"
          >
            {example}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** A table read out in full at every question would be too much. */
function spokenState({ isAsking, effect, failure }: HeadlineState): string {
  if (isAsking) return 'Asking every model.';
  if (failure !== null) return `No answer. ${failure.message}`;
  return effect === null ? '' : spokenEffect(effect);
}

function Outcome({ state: { isAsking, effect, failure } }: { state: HeadlineState }) {
  if (failure !== null) {
    return (
      <p className="flex items-start gap-3 rounded-lg border border-caution/45 bg-caution-wash px-4 py-3 text-[0.8125rem] leading-5 text-caution">
        <TriangleAlert aria-hidden size={16} className="mt-0.5 shrink-0" />
        <span className="min-w-0 break-words">
          <strong className="font-semibold">No answer.</strong> {failure.message}
          {failure.code === null ? null : (
            <span className="mt-1 block font-mono text-xs">{failure.code}</span>
          )}
        </span>
      </p>
    );
  }
  if (effect === null) {
    return (
      <p className="flex h-full min-h-40 items-center justify-center rounded-xl border border-dashed border-line-strong px-6 py-8 text-center text-sm text-ink-faint">
        {isAsking ? 'Asking every model…' : 'The answer stands here: now against with the headline.'}
      </p>
    );
  }
  return (
    <div className={`transition-opacity ${isAsking ? 'opacity-50' : ''}`}>
      <HeadlineResult effect={effect} />
    </div>
  );
}
