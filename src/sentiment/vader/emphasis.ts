import type { Tokens } from './tokens.ts';

const EXCLAMATION_STEP = 0.292;
const EXCLAMATIONS_COUNTED = 4;
const QUESTION_STEP = 0.18;
const QUESTIONS_COUNTED = 3;
const MANY_QUESTIONS = 0.96;

/** What exclamation and question marks add to the size of a sum. */
export function punctuationEmphasis({
  exclamationMarks,
  questionMarks,
}: Pick<Tokens, 'exclamationMarks' | 'questionMarks'>): number {
  const exclaimed = Math.min(exclamationMarks, EXCLAMATIONS_COUNTED) * EXCLAMATION_STEP;
  if (questionMarks < 2) return exclaimed;
  return exclaimed + (questionMarks > QUESTIONS_COUNTED ? MANY_QUESTIONS : questionMarks * QUESTION_STEP);
}

/** A sum with what the marks add: away from zero, and nothing to nothing. */
export function emphasised(sum: number, emphasis: number): number {
  if (sum > 0) return sum + emphasis;
  return sum < 0 ? sum - emphasis : sum;
}
