import type { Calibration } from './calibration.ts';
import { probabilitiesOf, type CalibrationProblem } from './train-calibration.ts';

/** How probabilities did on rows that they were not calibrated on. */
export interface Judgement {
  /** Log-loss of each row, in nats, shape (rows). */
  losses: Float64Array;
  /** Mean, in nats. */
  logLoss: number;
  /** Share of rows whose most probable side was true. */
  accuracy: number;
  /** Mean F1 of the sides that occur among the truths. */
  macroF1: number;
  /** Share of the rows with a side whose side was told. */
  sideRecall: number;
}

/** Compounds with what is known of their rows. */
export type Scored = Omit<CalibrationProblem, 'rows'>;

/** Standard errors. */
const CERTAINTY = 1.64;
const SIDES = [-1, 0, 1] as const;

/**
 * Judges compounds as probabilities; each part by a calibration fitted on the other parts.
 * @param calibrate - the calibration that rows ask for
 */
export function judge(
  scored: Scored,
  folds: readonly Int32Array[],
  calibrate: (problem: CalibrationProblem) => Calibration,
): Judgement {
  const { compounds, truths } = scored;
  const said = new Int8Array(compounds.length);
  const losses = new Float64Array(compounds.length);
  for (const fold of folds) {
    const others = Int32Array.from(folds.flatMap((rows) => (rows === fold ? [] : [...rows])));
    const calibration = calibrate({ ...scored, rows: others });
    for (const row of fold) {
      const probabilities = probabilitiesOf(scored, row, calibration);
      losses[row] = -Math.log(probabilities[(truths.side[row] as number) + 1] as number);
      said[row] = sideOf(probabilities);
    }
  }
  const logLoss = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  return { losses, logLoss, ...agreementOf(said, truths.side) };
}

/** Whether one judgement has less loss than another by more than the rows' chance explains (one-sided, 5 %). */
export function isBetter({ losses }: Judgement, other: Judgement): boolean {
  const gains = losses.map((loss, row) => (other.losses[row] as number) - loss);
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const variance = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / Math.max(1, gains.length - 1);
  return mean > CERTAINTY * Math.sqrt(variance / gains.length);
}

function sideOf([down = 0, flat = 0, up = 0]: readonly number[]): number {
  if (up >= down && up >= flat) return 1;
  return down >= flat ? -1 : 0;
}

function agreementOf(said: Int8Array, truth: Int8Array): Omit<Judgement, 'losses' | 'logLoss'> {
  const count = (matches: (said: number, truth: number) => boolean) =>
    said.reduce((sum, one, row) => sum + (matches(one, truth[row] as number) ? 1 : 0), 0);
  const scores = SIDES.filter((side) => truth.includes(side)).map((side) => {
    const hits = count((one, other) => one === side && other === side);
    const misses = count((one, other) => (one === side) !== (other === side));
    return (2 * hits) / (2 * hits + misses);
  });
  return {
    accuracy: count((one, other) => one === other) / said.length,
    sideRecall: count((one, other) => other !== 0 && one === other) / count((_, other) => other !== 0),
    macroF1: scores.reduce((sum, one) => sum + one, 0) / scores.length,
  };
}
