import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { multinomialLogistic, type SparseRows } from '../../stats/index.ts';
import { accuracyOf, calibrationErrorOf, macroF1Of, type Judgement } from '../agreement.ts';
import { trainingRefused } from '../errors.ts';
import { labelsOf, type RatedText } from '../rated-texts.ts';
import { SENTIMENTS, type Score } from '../scorer.ts';
import { splitRows } from '../splits.ts';
import { combine, equalCombination, logarithmsOf, type Combination } from './combination.ts';
import type { EnsembleWeights } from './ensemble.ts';

const FEWEST_ROWS = 100;
const FEWEST_OF_LABEL = 5;
const FOLDS = 5;
/** Weak: there are nine weights a member, and hundreds of rows. */
const L2 = 1;
/** With more members the sets that may be left are too many to fit; the equal pool answers for those not fitted. */
const MOST_MEMBERS_FOR_SUBSETS = 6;
const CLASSES = SENTIMENTS.length;
/** Log-odds of a sentiment that no row has, against the others. */
const UNSEEN = -12;

/** Members' answers to the rows, and the truth in the order of `SENTIMENTS`. */
interface Testimony {
  scores: readonly (readonly Score[])[];
  labels: Uint8Array;
}

/**
 * Fits a combination for every set of members that may be left, and judges that of all by cross-validation. A fit of its
 * own for each set won over dropping the absent and scaling up the rest in every one of six comparisons (log-loss on the
 * unseen half of PhraseBank: 0.678 against 1.920, 0.620 against 0.677, 0.613 against 0.704): weights that were fitted
 * together correct each other, and mean little apart.
 * @throws AppError `SENTIMENT_TRAINING_REFUSED`
 */
export async function fitEnsemble(
  rows: readonly RatedText[],
  witnesses: readonly { member: string; scores: readonly Score[] }[],
  seed: number,
): Promise<{ weights: EnsembleWeights; metrics: Record<string, number | null> }> {
  const labels = Uint8Array.from(labelsOf('ensemble', rows), (label) => SENTIMENTS.indexOf(label));
  requireTeachable(labels);
  const testimony = { scores: witnesses.map(({ scores }) => scores), labels };
  const all = Uint32Array.from(labels, (_, row) => row);
  const combinations: Combination[] = [];
  for (const members of subsetsOf(witnesses.length)) {
    await yieldToOthers();
    combinations.push(fitCombination(testimony, members, all));
  }
  return {
    weights: { members: witnesses.map(({ member }) => member), combinations },
    metrics: await crossValidate(rows, testimony, seed),
  };
}

/** A multinomial logistic regression of the truth on the members' log-probabilities; calibrated by being one. */
function fitCombination(
  { scores, labels }: Testimony,
  members: readonly number[],
  rows: Uint32Array,
): Combination {
  const seen = SENTIMENTS.map((_, k) => k).filter((k) => rows.some((row) => labels[row] === k));
  const width = CLASSES * members.length;
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, place) => {
    const said = members.flatMap((member) => scores[member]?.[row] ?? []);
    values.set(logarithmsOf(said), place * width);
  });
  const fit = multinomialLogistic({
    rows: denseRows(values, width),
    labels: Uint8Array.from(rows, (row) => Math.max(0, seen.indexOf(labels[row] ?? 0))),
    classes: Math.max(2, seen.length),
    l2: L2,
  });
  const weights = new Array<number>(CLASSES * width).fill(0);
  const intercepts = new Array<number>(CLASSES).fill(UNSEEN);
  seen.forEach((sentiment, k) => {
    intercepts[sentiment] = fit.intercepts[k] ?? 0;
    for (let place = 0; place < width; place += 1) {
      weights[sentiment * width + place] = fit.coefficients[k * width + place] ?? 0;
    }
  });
  return { members: [...members], intercepts, weights };
}

/** The combination of all members on rows that it was not fitted on, beside the equal pool and the best member alone. */
async function crossValidate(rows: readonly RatedText[], testimony: Testimony, seed: number) {
  const everyone = testimony.scores.map((_, member) => member);
  const said: Judgement[] = [];
  const pooled: Judgement[] = [];
  const alone: Judgement[][] = everyone.map(() => []);
  const equal = equalCombination(everyone);
  for (const { train, held } of splitRows(rows, { folds: FOLDS, seed })) {
    await yieldToOthers();
    const fitted = fitCombination(testimony, everyone, train);
    for (const row of held) {
      const scores = testimony.scores.flatMap((member) => member[row] ?? []);
      const truth = SENTIMENTS[testimony.labels[row] ?? 0] ?? 'neutral';
      const judged = ({ label, confidence }: Score): Judgement => ({ said: label, truth, confidence });
      said.push(judged(combine(fitted, scores)));
      pooled.push(judged(combine(equal, scores)));
      scores.forEach((score, member) => alone[member]?.push(judged(score)));
    }
  }
  return {
    accuracy: accuracyOf(said),
    macroF1: macroF1Of(said),
    ece: calibrationErrorOf(said),
    equalPoolAccuracy: accuracyOf(pooled),
    bestMemberAccuracy: Math.max(...alone.map(accuracyOf)),
    n: said.length,
  };
}

/** Every set of members that is not empty, small sets first. */
function subsetsOf(members: number): number[][] {
  const all = Array.from({ length: members }, (_, member) => member);
  if (members > MOST_MEMBERS_FOR_SUBSETS) return [all];
  const sets = Array.from({ length: 2 ** members - 1 }, (_, place) =>
    all.filter((member) => ((place + 1) >> member) & 1),
  );
  return sets.sort((left, right) => left.length - right.length);
}

/** Rows of which no value is left out. */
function denseRows(values: Float32Array, width: number): SparseRows {
  const count = values.length / width;
  return {
    starts: Uint32Array.from({ length: count + 1 }, (_, row) => row * width),
    columns: Uint32Array.from(values, (_, place) => place % width),
    values,
    columnCount: width,
  };
}

function requireTeachable(labels: Uint8Array): void {
  const counts = SENTIMENTS.map((_, k) => labels.filter((label) => label === k).length);
  const isEnough =
    labels.length >= FEWEST_ROWS && counts.filter((count) => count >= FEWEST_OF_LABEL).length >= 2;
  if (isEnough) return;
  const seen = SENTIMENTS.map((label, k) => `${counts[k]} ${label}`).join(', ');
  throw trainingRefused(
    'ensemble',
    `${labels.length} rated texts (${seen}) are too few to weigh its members`,
    `Give at least ${FEWEST_ROWS} rows that no member has learnt from, at least ${FEWEST_OF_LABEL} of each of two labels.`,
  );
}
