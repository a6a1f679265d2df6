import { logitsOf, type Calibration } from './calibration.ts';
import { minimise } from './minimise.ts';
import type { Truths } from './train-rows.ts';

/** Compounds with what was true. */
export interface CalibrationProblem {
  /** Shape (all rows). */
  compounds: Float64Array;
  /** 1 where the text names a ticker. */
  hasTicker: Uint8Array;
  truths: Truths;
  /** Rows that count, as their numbers. */
  rows: Int32Array;
}

/** Precision of the normal priors: of the logarithms of the slopes around the old ones, of the offsets around theirs. */
const SLOPE_PRECISION = 1;
const OFFSET_PRECISION = 1;
/** Share of the way, on the scale of ratios. */
const TOWARDS_BALANCE = 0.75;
const MOST_STEPS = 100;
const DIGITS = 4;
const IMPOSSIBLE = -1e3;

/** The calibration that the rows ask for, close to an old one where they say little. */
export function fitCalibration(problem: CalibrationProblem, old: Calibration): Calibration {
  const start = Float64Array.of(
    Math.log(old.negativeSlope),
    old.negativeOffset,
    old.neutralOffset,
    Math.log(old.positiveSlope),
    old.positiveOffset,
    old.tickerOffset,
  );
  const neutralWeight = neutralWeightOf(problem);
  const fitted = minimise({
    start,
    mostSteps: MOST_STEPS,
    evaluate: (point, gradient) => {
      const precisionOf = (at: number) => (at === 0 || at === 3 ? SLOPE_PRECISION : OFFSET_PRECISION);
      let loss = 0;
      for (let at = 0; at < point.length; at += 1) {
        const distance = (point[at] as number) - (start[at] as number);
        loss += (precisionOf(at) / 2) * distance * distance;
        gradient[at] = precisionOf(at) * distance;
      }
      const calibration = calibrationAt(point);
      for (const row of problem.rows) loss += addRow(problem, { row, calibration, gradient, neutralWeight });
      return loss;
    },
  });
  return rounded(calibrationAt(fitted));
}

/** Of a row, in the order negative, neutral, positive; without neutral where that was no answer. */
export function probabilitiesOf(
  { compounds, hasTicker, truths }: Omit<CalibrationProblem, 'rows'>,
  row: number,
  calibration: Calibration,
): number[] {
  const finding = { compound: compounds[row] as number, hasTicker: hasTicker[row] === 1 };
  const [down, flat, up] = logitsOf(finding, calibration);
  const logits = [down, truths.sidesOnly[row] === 1 ? IMPOSSIBLE : flat, up];
  const top = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - top));
  const total = weights.reduce((sum, one) => sum + one, 0);
  return weights.map((weight) => weight / total);
}

/**
 * What a neutral row counts: less than 1 where neutral is the commonest answer, most of the way from the answers as they
 * come to all answers alike. To miss a side is worse than to name one where there is none. Texts with a ticker, which
 * seldom are neutral, have an offset of their own and no say here.
 */
function neutralWeightOf({ truths: { side, sidesOnly }, hasTicker, rows }: CalibrationProblem): number {
  let neutral = 0;
  let sides = 0;
  for (const row of rows) {
    if (hasTicker[row] === 1 || sidesOnly[row] === 1) continue;
    if (side[row] === 0) neutral += 1;
    else sides += 1;
  }
  if (neutral === 0 || sides === 0) return 1;
  return Math.min(1, (sides / 2 / neutral) ** TOWARDS_BALANCE);
}

interface RowStep {
  row: number;
  calibration: Calibration;
  gradient: Float64Array;
  neutralWeight: number;
}

/** The weighed log-loss of a row; its gradient is added. */
function addRow(problem: CalibrationProblem, { row, calibration, gradient, neutralWeight }: RowStep): number {
  const compound = problem.compounds[row] as number;
  const side = problem.truths.side[row] as number;
  const weight = side === 0 ? neutralWeight : 1;
  const [down = 0, flat = 0, up = 0] = probabilitiesOf(problem, row, calibration);
  const pulls = [
    down - (side === -1 ? 1 : 0),
    flat - (side === 0 ? 1 : 0),
    up - (side === 1 ? 1 : 0),
  ] as const;
  const steps = [
    -pulls[0] * compound * calibration.negativeSlope,
    pulls[0],
    pulls[1],
    pulls[2] * compound * calibration.positiveSlope,
    pulls[2],
    problem.hasTicker[row] === 1 ? pulls[1] : 0,
  ];
  for (const [at, step] of steps.entries()) gradient[at] = (gradient[at] as number) + weight * step;
  return -weight * Math.log([down, flat, up][side + 1] ?? NaN);
}

function calibrationAt(point: Float64Array): Calibration {
  const [
    negative = 0,
    negativeOffset = 0,
    neutralOffset = 0,
    positive = 0,
    positiveOffset = 0,
    tickerOffset = 0,
  ] = point;
  return {
    negativeSlope: Math.exp(negative),
    negativeOffset,
    neutralOffset,
    tickerOffset,
    positiveSlope: Math.exp(positive),
    positiveOffset,
  };
}

function rounded(calibration: Calibration): Calibration {
  const round = (value: number) => Number(value.toFixed(DIGITS)) + 0;
  return {
    negativeSlope: round(calibration.negativeSlope),
    negativeOffset: round(calibration.negativeOffset),
    neutralOffset: round(calibration.neutralOffset),
    tickerOffset: round(calibration.tickerOffset),
    positiveSlope: round(calibration.positiveSlope),
    positiveOffset: round(calibration.positiveOffset),
  };
}
