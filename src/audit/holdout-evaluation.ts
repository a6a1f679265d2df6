import { MINUTE_MS, type Holdout } from '../core/index.ts';
import {
  BASELINE_NAMES,
  evaluateDirection,
  MODEL_FAMILIES,
  selectMatured,
  VOID_LABEL,
  type DirectionRows,
  type Model,
} from '../models/index.ts';
import type { HoldoutResult } from './holdout-ledger.ts';

/** A model that is shown a range that was kept back. */
export interface HeldOutQuestion {
  arm: string;
  horizonMinutes: number;
  model: Model;
  /** Every window of the history at this horizon with its truth, that of the range included. */
  rows: DirectionRows;
  holdout: Holdout;
  barMinutes: number;
  seed: number;
}

/**
 * What a fitted model is worth on the windows whose label lies wholly inside the range. The model is asked as it is; the
 * baselines beside it are fitted on what was known when the range began.
 */
export function judgeHeldOut(question: HeldOutQuestion): HoldoutResult {
  const { arm, horizonMinutes, model, rows, holdout, barMinutes, seed } = question;
  const labels = labelsInside(question);
  const maturity = { asOf: holdout.from, horizonMinutes, embargoMinutes: horizonMinutes };
  const training = selectMatured(rows, maturity);
  const baselineProbabilities = Object.fromEntries(
    BASELINE_NAMES.map((name) => [name, MODEL_FAMILIES[name].fit(training, { seed }).predict(rows)]),
  );
  const scores = evaluateDirection({
    probabilities: model.predict(rows),
    labels,
    labelsOneBarLater: oneBarLater(rows, labels, barMinutes),
    windowEnds: rows.windowEnds,
    barMinutes,
    horizonMinutes,
    baselineProbabilities,
    seed,
  });
  const { accuracy, low, high, accuracyOneBarLater, logLoss, brier, n, baselines } = scores;
  return {
    arm,
    horizonMinutes,
    n,
    accuracy: figure(accuracy),
    low: figure(low),
    high: figure(high),
    accuracyOneBarLater: figure(accuracyOneBarLater),
    logLoss: figure(logLoss),
    brier: figure(brier),
    baselines: Object.fromEntries(Object.entries(baselines).map(([name, share]) => [name, figure(share)])),
  };
}

function labelsInside({ rows, holdout, horizonMinutes }: HeldOutQuestion): Uint8Array {
  const span = horizonMinutes * MINUTE_MS;
  return rows.labels.map((label, row) => {
    const windowEnd = rows.windowEnds[row] ?? NaN;
    return windowEnd >= holdout.from && windowEnd + span <= holdout.to ? label : VOID_LABEL;
  });
}

/** Entered one bar later, a direction asks what the next window's label asks. */
function oneBarLater(rows: DirectionRows, labels: Uint8Array, barMinutes: number): Uint8Array {
  const bar = barMinutes * MINUTE_MS;
  return labels.map((label, row) => {
    const isNext = rows.windowEnds[row + 1] === (rows.windowEnds[row] ?? NaN) + bar;
    return label <= 1 && isNext ? (labels[row + 1] ?? VOID_LABEL) : VOID_LABEL;
  });
}

function figure(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
