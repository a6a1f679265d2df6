import { MINUTE_MS, type EpochMs } from '../core/index.ts';
import { evaluateDirection, VOID_LABEL, type DirectionScores } from '../models/index.ts';
import type { ScoredPrediction } from '../prediction/index.ts';

/** How one arm did at one horizon over some windows, beside every baseline on the very same windows. */
export interface ArmPerformance extends DirectionScores {
  arm: string;
  horizonMinutes: number;
  /** Windows whose truth is not known yet. */
  pending: number;
  /** Windows without a truth: no move, or no price. */
  voids: number;
}

interface Series {
  arm: string;
  horizonMinutes: number;
  probabilities: Float64Array;
  labels: Uint8Array;
  labelsOneBarLater: Uint8Array;
  pending: number;
  voids: number;
}

const BASELINE_PREFIX = 'baseline-';

/**
 * Scores every arm at every horizon: accuracy with a 95 % block-bootstrap interval, the same with entry one bar
 * later, and the accuracy of every baseline arm. Pure: the same predictions give the same figures.
 * @param predictions - in time order, with their truths; unmatured ones count as pending
 * @returns one entry an arm and horizon, ordered by horizon, then as the arms first appear
 * @throws RangeError when the windows do not lie on one grid of bars, or not between the first and the last
 */
export function measurePerformance(
  predictions: readonly ScoredPrediction[],
  { barMinutes, seed }: { barMinutes: number; seed: number },
): ArmPerformance[] {
  const windowEnds = windowGrid(predictions, barMinutes);
  const all = collectSeries(predictions, windowEnds, barMinutes);
  return all.map((series) => {
    const { arm, horizonMinutes, pending, voids, probabilities, labels, labelsOneBarLater } = series;
    const metrics = evaluateDirection({
      probabilities,
      labels,
      labelsOneBarLater,
      windowEnds,
      barMinutes,
      horizonMinutes,
      baselineProbabilities: baselinesOf(all, horizonMinutes),
      seed,
    });
    return { arm, horizonMinutes, pending, voids, ...metrics };
  });
}

/** Every bar from the first window to the last, so that blocks of the bootstrap keep their length in time. */
function windowGrid(predictions: readonly ScoredPrediction[], barMinutes: number): Float64Array {
  const first = predictions[0]?.windowEnd;
  const last = predictions.at(-1)?.windowEnd;
  if (first === undefined || last === undefined) return new Float64Array(0);
  const bar = barMinutes * MINUTE_MS;
  const length = Math.max(0, Math.floor((last - first) / bar)) + 1;
  return Float64Array.from({ length }, (_, place) => first + place * bar);
}

function collectSeries(
  predictions: readonly ScoredPrediction[],
  windowEnds: Float64Array,
  barMinutes: number,
): Series[] {
  const found = new Map<string, Series>();
  const start: EpochMs = windowEnds[0] ?? 0;
  for (const prediction of predictions) {
    const { arm, horizonMinutes, outcome } = prediction;
    const key = `${horizonMinutes} ${arm}`;
    let series = found.get(key);
    if (series === undefined) {
      series = emptySeries(arm, horizonMinutes, windowEnds.length);
      found.set(key, series);
    }
    const place = (prediction.windowEnd - start) / (barMinutes * MINUTE_MS);
    if (!(Number.isInteger(place) && place >= 0 && place < windowEnds.length)) {
      throw new RangeError(
        `window ${prediction.windowEnd} has no place among ${windowEnds.length} bars from ${start}: pass predictions in time order`,
      );
    }
    series.probabilities[place] = prediction.probabilityUp;
    series.labels[place] = labelOf(outcome);
    series.labelsOneBarLater[place] = labelOf(prediction.outcomeOneBarLater);
    if (outcome === null) series.pending += 1;
    if (outcome === 'void') series.voids += 1;
  }
  return [...found.values()].sort((left, right) => left.horizonMinutes - right.horizonMinutes);
}

function emptySeries(arm: string, horizonMinutes: number, length: number): Series {
  return {
    arm,
    horizonMinutes,
    probabilities: new Float64Array(length).fill(NaN),
    labels: new Uint8Array(length).fill(VOID_LABEL),
    labelsOneBarLater: new Uint8Array(length).fill(VOID_LABEL),
    pending: 0,
    voids: 0,
  };
}

function labelOf(outcome: ScoredPrediction['outcome']): number {
  if (outcome === 'up') return 1;
  return outcome === 'down' ? 0 : VOID_LABEL;
}

function baselinesOf(all: readonly Series[], horizonMinutes: number): Record<string, Float64Array> {
  const baselines = all.filter(
    (series) => series.horizonMinutes === horizonMinutes && series.arm.startsWith(BASELINE_PREFIX),
  );
  return Object.fromEntries(
    baselines.map(({ arm, probabilities }) => [arm.slice(BASELINE_PREFIX.length), probabilities]),
  );
}
