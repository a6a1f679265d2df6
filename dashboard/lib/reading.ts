import type { CompareAnswer, ScorerExplanation } from '../../src/serving/contract.ts';

type Part = ScorerExplanation['parts'][number];

/** A stretch of a text that was read with one weight. */
export interface TextPiece {
  text: string;
  /** 0 where nothing carried the score. */
  weight: number;
  /** Share of the heaviest piece, 0..1. */
  strength: number;
}

/** More would not be read. */
const PARTS_SHOWN = 6;

/**
 * A text cut where its parts begin and end; where parts overlap, as phrases and their words do, their weights add up.
 * @param parts - places in UTF-16 code units; those outside of the text are passed over
 */
export function piecesOf(text: string, parts: readonly Part[]): TextPiece[] {
  const usable = parts.filter(
    ({ from, to, weight }) => from >= 0 && from < to && to <= text.length && Number.isFinite(weight),
  );
  const cuts = [...new Set([0, text.length, ...usable.flatMap(({ from, to }) => [from, to])])].sort(
    (left, right) => left - right,
  );
  const pieces = cuts.slice(1).map((to, place) => {
    const from = cuts[place] ?? 0;
    const over = usable.filter((part) => part.from <= from && part.to >= to);
    return { text: text.slice(from, to), weight: over.reduce((sum, { weight }) => sum + weight, 0) };
  });
  const heaviest = Math.max(...pieces.map(({ weight }) => Math.abs(weight)), 0);
  return pieces.map((piece) => ({
    ...piece,
    strength: heaviest === 0 ? 0 : Math.abs(piece.weight) / heaviest,
  }));
}

/** The heaviest parts, and how many more there are. */
export function heaviestParts({ parts }: Pick<ScorerExplanation, 'parts'>): { shown: Part[]; more: number } {
  const heavy = parts
    .filter(({ weight }) => weight !== 0)
    .toSorted((left, right) => Math.abs(right.weight) - Math.abs(left.weight));
  return { shown: heavy.slice(0, PARTS_SHOWN), more: Math.max(0, heavy.length - PARTS_SHOWN) };
}

/** How far scorers are of one mind, in a sentence; empty where only one spoke. */
export function agreementWords(agreement: CompareAnswer['agreement']): string {
  if (agreement === null) return '';
  const { label, share, scorers, disagreements } = agreement;
  const agreeing = Math.round(share * scorers);
  const who = agreeing === scorers ? `All ${scorers} scorers` : `${agreeing} of ${scorers} scorers`;
  const verb = agreeing === 1 ? 'calls' : 'call';
  const [widest] = disagreements;
  const apart =
    widest === undefined
      ? ''
      : ` ${widest.scorers.join(' and ')} contradict each other, ${widest.distance.toFixed(2)} apart.`;
  return `${who} ${verb} it ${label}.${apart}`;
}
