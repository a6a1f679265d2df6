import type { ArmPerformance } from '../../src/serving/contract.ts';
import { percent } from './format.ts';
import type { Scale } from './scale.ts';

/** Where an arm's own interval lies to the figure of the best baseline. No paired test: see VERDICT_NOTE. */
export type Verdict = 'unknown' | 'above' | 'below' | 'indistinct';

/** One arm at one horizon, as the picture shows it. */
export interface ArmRow {
  arm: string;
  isBaseline: boolean;
  accuracy: number | null;
  oneBarLater: number | null;
  low: number | null;
  high: number | null;
  n: number;
  pending: number;
  voids: number;
  verdict: Verdict;
}

export interface BestBaseline {
  name: string;
  accuracy: number;
}

/** All arms at one horizon: the fitted ones first, then the baselines, each group from the most accurate down. */
export interface HorizonAccuracy {
  horizonMinutes: number;
  rows: ArmRow[];
  best: BestBaseline | null;
}

const BASELINE_PREFIX = 'baseline-';
const SCALE_STEP = 0.05;

/** The arms grouped by horizon, shortest first. */
export function byHorizon(arms: readonly ArmPerformance[]): HorizonAccuracy[] {
  const horizons = [...new Set(arms.map((arm) => arm.horizon_minutes))].sort((left, right) => left - right);
  return horizons.map((horizonMinutes) => {
    const here = arms.filter((arm) => arm.horizon_minutes === horizonMinutes);
    const best = bestBaseline(here);
    return { horizonMinutes, best, rows: here.map((arm) => toRow(arm, best)).sort(fittedThenAccurate) };
  });
}

/** The most accurate baseline on the windows of these arms; null until one has been scored. */
export function bestBaseline(arms: readonly ArmPerformance[]): BestBaseline | null {
  let best: BestBaseline | null = null;
  for (const { baselines } of arms) {
    for (const [key, accuracy] of Object.entries(baselines)) {
      if (accuracy !== null && (best === null || accuracy > best.accuracy)) {
        best = { name: baselineName(key), accuracy };
      }
    }
  }
  return best;
}

/** True for an arm that is there to be beaten. */
export function isBaselineArm(arm: string): boolean {
  return arm.startsWith(BASELINE_PREFIX);
}

/** A baseline's name without the prefix that marks its arm. */
export function baselineName(key: string): string {
  return isBaselineArm(key) ? key.slice(BASELINE_PREFIX.length) : key;
}

/** Where a 95 % interval lies to the best baseline's figure. An interval that holds it shows nothing. */
export function verdictOf(
  interval: { low: number | null; high: number | null },
  best: BestBaseline | null,
): Verdict {
  const { low, high } = interval;
  if (low === null || high === null || best === null) return 'unknown';
  if (low > best.accuracy) return 'above';
  return high < best.accuracy ? 'below' : 'indistinct';
}

/** A verdict in words. */
export const VERDICTS: Record<Verdict, string> = {
  unknown: 'too little has matured to judge',
  above: "its interval lies above the best baseline's figure",
  below: "its interval lies below the best baseline's figure",
  indistinct: 'not distinguishable from the best baseline',
};

/** What a verdict is not, for those who read it as a test. */
export const VERDICT_NOTE =
  "Not a paired comparison: an arm's own interval is set against the plain figure of the baseline that turned out best on these windows, as if that figure were certain and had been chosen before.";

/** An interval in words; a short record has an accuracy, but no honest interval. */
export function intervalText({ low, high }: { low: number | null; high: number | null }): string {
  if (low === null || high === null) return 'too few days for an interval';
  return `95\u00a0% interval ${percent(low)} to ${percent(high)}`;
}

/** The scale of one picture: in steps of five points, with 50 % and every interval inside. */
export function accuracyScale(rows: readonly ArmRow[]): Scale {
  const values = rows.flatMap(({ low, high, accuracy, oneBarLater }) => [low, high, accuracy, oneBarLater]);
  const known = values.filter((value) => value !== null);
  const first = Math.floor(Math.min(0.45, ...known) / SCALE_STEP + 1e-9);
  const last = Math.ceil(Math.max(0.55, ...known) / SCALE_STEP - 1e-9);
  const every = last - first > 8 ? 2 : 1;
  const ticks: number[] = [];
  for (let place = first; place <= last; place += 1) if (place % every === 0) ticks.push(place * SCALE_STEP);
  return { low: first * SCALE_STEP, high: last * SCALE_STEP, ticks };
}

function toRow(arm: ArmPerformance, best: BestBaseline | null): ArmRow {
  const isBaseline = isBaselineArm(arm.arm);
  return {
    arm: baselineName(arm.arm),
    isBaseline,
    accuracy: arm.accuracy,
    oneBarLater: arm.accuracy_one_bar_later,
    low: arm.low,
    high: arm.high,
    n: arm.n,
    pending: arm.pending,
    voids: arm.voids,
    verdict: verdictOf(arm, best),
  };
}

function fittedThenAccurate(left: ArmRow, right: ArmRow): number {
  if (left.isBaseline !== right.isBaseline) return left.isBaseline ? 1 : -1;
  return (right.accuracy ?? -1) - (left.accuracy ?? -1);
}
