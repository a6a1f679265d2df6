import type { ExplainAnswer, ScorerExplanation } from '../../src/serving/contract.ts';
import { signed, withStop } from '../lib/format.ts';
import { heaviestParts, piecesOf } from '../lib/reading.ts';

/** Strong enough to be seen, weak enough to be read through. */
const WASH_LEAST = 8;
const WASH_MOST = 34;
/** A model that weighs every word would otherwise have every word marked. */
const STRENGTH_LEAST = 0.1;

/** A text with the words marked that carried its score: the heavier, the stronger. */
export function HighlightedText({ text, parts }: { text: string; parts: ScorerExplanation['parts'] }) {
  return (
    <blockquote className="max-h-32 min-w-0 overflow-y-auto border-l-2 border-line-strong pl-3 text-sm leading-6 break-words text-ink-soft">
      {piecesOf(text, parts).map((piece, place) =>
        piece.strength < STRENGTH_LEAST ? (
          <span key={place}>{piece.text}</span>
        ) : (
          <mark
            key={place}
            title={signed(piece.weight)}
            className={`rounded-[3px] px-px text-ink underline decoration-2 underline-offset-[3px] ${piece.weight < 0 ? 'decoration-down decoration-dashed' : 'decoration-up'}`}
            style={{ background: washOf(piece.weight, piece.strength) }}
          >
            {piece.text}
          </mark>
        ),
      )}
    </blockquote>
  );
}

interface CarryingWordsProps {
  scorer: string;
  /** null where there is none. */
  explanation: ScorerExplanation | null;
  /** Why there is none, where the API says it. */
  silence: ExplainAnswer['unexplained'][number] | null;
}

/** The heaviest words with their weights, or why nobody can name them. */
export function CarryingWords({ scorer, explanation, silence }: CarryingWordsProps) {
  if (explanation === null) {
    return silence === null ? null : (
      <p className="mt-2 text-xs leading-5 text-ink-faint">
        {scorer}: {withStop(silence.reason)}
      </p>
    );
  }
  const { shown, more } = heaviestParts(explanation);
  return (
    <div className="mt-3">
      <p className="mb-1.5 text-xs text-ink-faint">
        {shown.length === 0
          ? `${scorer} finds no word that it has an opinion of.`
          : `What carried it for ${scorer}; weights are ${explanation.unit}`}
      </p>
      <ul className="flex flex-wrap gap-1.5">
        {shown.map(({ text, from, weight, note }) => (
          <li
            key={from + text}
            className="max-w-full rounded-md border border-line px-2 py-0.5 text-xs leading-5 break-words"
          >
            {text}{' '}
            <span className={`font-medium ${weight < 0 ? 'text-down' : 'text-up'}`}>{signed(weight)}</span>
            {note === null ? null : <span className="text-ink-faint"> {note}</span>}
          </li>
        ))}
        {more === 0 ? null : (
          <li className="px-1 py-0.5 text-xs leading-5 text-ink-faint">and {more} more</li>
        )}
      </ul>
    </div>
  );
}

function washOf(weight: number, strength: number): string {
  const share = WASH_LEAST + (WASH_MOST - WASH_LEAST) * strength;
  return `color-mix(in oklab, var(${weight < 0 ? '--down' : '--up'}) ${share.toFixed(1)}%, transparent)`;
}
