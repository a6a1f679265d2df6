import type { ExplainedPart, Explanation } from '../scorer.ts';
import { emphasised } from './emphasis.ts';
import type { Analyser, Sums } from './retrained.ts';
import {
  isDenied,
  isNegation,
  isRatedAt,
  isShouted,
  isTurnedByLeast,
  REACH,
  surroundingsOf,
  type Surroundings,
} from './valence.ts';
import { splitWords, type Word } from './words.ts';

const MARKS = /[!?]/;

/**
 * Which words carried the compound, the heaviest first. The weights are valences after all rules; with S their sum,
 * the compound is S / sqrt(S^2 + 15), rounded to four decimals.
 */
export function explainText(analyser: Analyser, text: string): Omit<Explanation, 'score'> {
  const sums = analyser.analyse(text);
  const words = splitWords(text, analyser.emoji);
  const parts = [
    ...ratedParts(analyser, { text, sums, words }),
    ...learntParts(analyser, { text, sums, words }),
    ...markParts(text, sums),
  ];
  const heaviestFirst = parts.sort(
    (one, other) =>
      Math.abs(other.weight) - Math.abs(one.weight) || one.from - other.from || one.to - other.to,
  );
  return { unit: 'valence after the rules', parts: heaviestFirst };
}

interface Analysed {
  text: string;
  sums: Sums;
  words: readonly Word[];
}

function ratedParts({ vocabulary }: Analyser, { text, sums, words }: Analysed): ExplainedPart[] {
  const { tokens, values, but } = sums.reading;
  const around = surroundingsOf(vocabulary, tokens);
  const parts: ExplainedPart[] = [];
  for (let one = 0; one < tokens.ratedCount; one += 1) {
    const place = tokens.rated[one] as number;
    const word = words[place];
    const weight = values[one] as number;
    if (word === undefined || weight === 0) continue;
    const notes = [...modifiersOf(around, words, place), ...contrastOf(place, but, tokens.count)];
    parts.push(partOf(text, [word, word], { weight, note: notes.join(', ') || null }));
  }
  return parts;
}

function learntParts({ terms }: Analyser, { text, sums, words }: Analysed): ExplainedPart[] {
  const parts: ExplainedPart[] = [];
  const note = sums.share < 1 ? 'learnt, held back because nothing else here is about a market' : 'learnt';
  terms.visit(sums.reading, (place, length, added) => {
    const first = words[place];
    const last = words[place + length - 1];
    const weight = sums.share * added;
    if (first === undefined || last === undefined || weight === 0) return;
    parts.push(partOf(text, [first, last], { weight, note }));
  });
  return parts;
}

/** What exclamation and question marks add stands at the first of them. */
function markParts(text: string, { base, added, share, emphasis }: Sums): ExplainedPart[] {
  const sum = base + share * added;
  const weight = emphasised(sum, emphasis) - sum;
  const from = text.search(MARKS);
  if (weight === 0 || from < 0) return [];
  return [{ text: text.charAt(from), from, to: from + 1, weight, note: 'marks add emphasis' }];
}

function partOf(
  text: string,
  [first, last]: readonly [Word, Word],
  { weight, note }: Pick<ExplainedPart, 'weight' | 'note'>,
): ExplainedPart {
  return { text: text.slice(first.from, last.to), from: first.from, to: last.to, weight, note };
}

/** In words, what the words before changed; the nearest first. */
function modifiersOf(around: Surroundings, words: readonly Word[], place: number): string[] {
  const notes: string[] = [];
  if (isDenied(around, place)) notes.push('negated by "no"');
  if (isTurnedByLeast(around, place)) notes.push('negated by "least"');
  for (let distance = 1; distance <= REACH && distance <= place; distance += 1) {
    const modifier = place - distance;
    if (isRatedAt(around, modifier)) continue;
    const name = `"${words[modifier]?.word ?? ''}"`;
    const boost = around.vocabulary.boosts[around.tokens.ids[modifier] as number] as number;
    if (isNegation(around, modifier)) notes.push(`negated by ${name}`);
    if (boost > 0) notes.push(`boosted by ${name}`);
    if (boost < 0) notes.push(`dampened by ${name}`);
  }
  if (isShouted(around, place)) notes.push('in capitals');
  return notes;
}

function contrastOf(place: number, but: number, count: number): string[] {
  if (but === count || place === but) return [];
  return [place < but ? 'before "but"' : 'after "but"'];
}
