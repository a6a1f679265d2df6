import { minimise } from './minimise.ts';
import type { Design } from './train-design.ts';
import type { Truths } from './train-rows.ts';

/** What the valences are fitted to. */
export interface ValenceProblem {
  design: Design;
  truths: Truths;
  /** Rows that count, as their numbers. */
  rows: Int32Array;
}

/** Log-odds of positive against neutral that a unit of valence is taken for while fitting. */
const LOG_ODDS_PER_UNIT = 0.5;
/** What neutral is worth before anything is fitted. */
const NEUTRAL_START = 0.9;
/** Evidence, in standard errors, that a term must show to be fitted at all: 10 % of words without meaning do. */
const LEAST_EVIDENCE = 1.64;
const FEWEST_ROWS = 4;
const MOST_TERMS = 8_000;
/** Precision of the prior around the old valence: new terms, and words that the reference rates already. */
const NEW_PRECISION = 1;
const RATED_PRECISION = 2;
const OFFSET_PRECISION = 0.1;
const MOST_STEPS = 120;
const LARGEST_LOGIT = 30;
/** A smaller change is left out. */
const SMALLEST_CHANGE = 0.1;
const LARGEST_CHANGE = 4;
const STEPS_PER_UNIT = 100;

/**
 * What the rows teach about the valences: the change of each term's valence, 0 for most. Maximises the penalised
 * likelihood of the labels, softmax(-sM - o, n, sM + o) of a text's sum M, with normal priors around the old valences.
 * @returns shape (terms), two decimals
 */
export function fitValences(problem: ValenceProblem): Float64Array {
  const { design } = problem;
  const offsets = offsetsOf(design);
  const chosen = chooseTerms(problem, offsets);
  const slotOf = new Int32Array(design.terms.length).fill(-1);
  for (const [slot, column] of chosen.entries()) slotOf[column] = slot;
  const fitted = minimise({
    start: Float64Array.from({ length: chosen.length + 2 }, (_, at) =>
      at === chosen.length ? NEUTRAL_START : 0,
    ),
    evaluate: objectiveOf(problem, { offsets, slotOf, chosen }),
    mostSteps: MOST_STEPS,
  });
  const changes = new Float64Array(design.terms.length);
  for (const [slot, column] of chosen.entries()) changes[column] = settle(fitted[slot] ?? 0);
  return changes;
}

function settle(change: number): number {
  const bounded = Math.min(LARGEST_CHANGE, Math.max(-LARGEST_CHANGE, change));
  const rounded = Math.round(bounded * STEPS_PER_UNIT) / STEPS_PER_UNIT;
  return Math.abs(rounded) < SMALLEST_CHANGE ? 0 : rounded;
}

/** The sums of the texts as the version that the training goes on from gives them. */
function offsetsOf({ base, emphasis, starts, columns, factors, known }: Design): Float64Array {
  return base.map((sum, row) => {
    let offset = sum + Math.sign(sum) * (emphasis[row] as number);
    for (let at = starts[row] as number; at < (starts[row + 1] as number); at += 1) {
      offset += (factors[at] as number) * (known[columns[at] as number] as number);
    }
    return offset;
  });
}

/** Terms on which the labels depend beyond what is known already: a score test for each by itself. */
function chooseTerms({ design, truths, rows }: ValenceProblem, offsets: Float64Array): number[] {
  const { starts, columns, factors, terms } = design;
  const residuals = new Float64Array(rows.length);
  const curvatures = new Float64Array(rows.length);
  let mean = 0;
  for (const [at, row] of rows.entries()) {
    const { residual, curvature } = lossAt(LOG_ODDS_PER_UNIT * (offsets[row] as number), NEUTRAL_START, [
      truths.side[row] as number,
      truths.sidesOnly[row] as number,
    ]);
    residuals[at] = residual;
    curvatures[at] = curvature;
    mean += residual / rows.length;
  }
  const evidence = new Float64Array(terms.length);
  const information = new Float64Array(terms.length);
  const support = new Int32Array(terms.length);
  for (const [at, row] of rows.entries()) {
    for (let entry = starts[row] as number; entry < (starts[row + 1] as number); entry += 1) {
      const column = columns[entry] as number;
      const factor = factors[entry] as number;
      evidence[column] = (evidence[column] as number) + factor * ((residuals[at] as number) - mean);
      information[column] = (information[column] as number) + factor * factor * (curvatures[at] as number);
      support[column] = (support[column] as number) + 1;
    }
  }
  const strength = evidence.map(
    (one, column) => Math.abs(one) / Math.sqrt((information[column] as number) + 1e-9),
  );
  return [...terms.keys()]
    .filter(
      (column) =>
        (support[column] as number) >= FEWEST_ROWS && (strength[column] as number) >= LEAST_EVIDENCE,
    )
    .sort((one, other) => (strength[other] as number) - (strength[one] as number) || one - other)
    .slice(0, MOST_TERMS);
}

function objectiveOf(
  { design, truths, rows }: ValenceProblem,
  { offsets, slotOf, chosen }: { offsets: Float64Array; slotOf: Int32Array; chosen: readonly number[] },
) {
  const { starts, columns, factors, ratings } = design;
  const precisions = chosen.map((column) => (ratings[column] === 0 ? NEW_PRECISION : RATED_PRECISION));
  const neutral = chosen.length;
  const tilt = chosen.length + 1;
  return (point: Float64Array, gradient: Float64Array): number => {
    let loss = 0;
    gradient.fill(0);
    for (const row of rows) {
      const from = starts[row] as number;
      const to = starts[row + 1] as number;
      let sum = offsets[row] as number;
      for (let at = from; at < to; at += 1) {
        const slot = slotOf[columns[at] as number] as number;
        if (slot >= 0) sum += (factors[at] as number) * (point[slot] as number);
      }
      const one = lossAt(LOG_ODDS_PER_UNIT * sum + (point[tilt] as number), point[neutral] as number, [
        truths.side[row] as number,
        truths.sidesOnly[row] as number,
      ]);
      loss += one.loss;
      gradient[neutral] = (gradient[neutral] as number) - one.neutralResidual;
      gradient[tilt] = (gradient[tilt] as number) - one.residual;
      const pull = LOG_ODDS_PER_UNIT * one.residual;
      for (let at = from; at < to; at += 1) {
        const slot = slotOf[columns[at] as number] as number;
        if (slot >= 0) gradient[slot] = (gradient[slot] as number) - pull * (factors[at] as number);
      }
    }
    for (let at = 0; at < point.length; at += 1) {
      const precision = precisions[at] ?? OFFSET_PRECISION;
      const distance = point[at] as number;
      loss += (precision / 2) * distance * distance;
      gradient[at] = (gradient[at] as number) + precision * distance;
    }
    return loss;
  };
}

/** Log-loss of one row under softmax(-a, n, a), with its derivatives: minus by a, minus by n, and twice by a. */
function lossAt(logit: number, neutralLogit: number, [side, sidesOnly]: [number, number]) {
  const a = Math.min(LARGEST_LOGIT, Math.max(-LARGEST_LOGIT, logit));
  const up = Math.exp(a);
  const down = Math.exp(-a);
  const flat = sidesOnly === 1 ? 0 : Math.exp(neutralLogit);
  const total = up + down + flat;
  const lean = (up - down) / total;
  return {
    loss: Math.log(total) - side * a - (side === 0 ? neutralLogit : 0),
    residual: side - lean,
    neutralResidual: sidesOnly === 1 ? 0 : (side === 0 ? 1 : 0) - flat / total,
    curvature: (up + down) / total - lean * lean,
  };
}
