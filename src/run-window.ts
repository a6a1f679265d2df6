import { MINUTE_MS, type Clock, type EpochMs } from './core/index.ts';
import type { Learning } from './learning.ts';
import type {
  ArmFailure,
  DeployedModels,
  Fit,
  LaneInput,
  LaneScore,
  Prediction,
  Predictor,
  SettledOutcome,
  WindowMemory,
} from './prediction/index.ts';
import type { Retraining } from './retraining/index.ts';

/** What becomes known by a window's decision, with its texts scored. */
export interface WindowInputs {
  /** In the order in which state is folded. */
  inputs: readonly LaneInput[];
  /** Scores that were computed now and belong into silver. */
  scores: readonly LaneScore[];
}

/** Where a window's inputs come from and how the clock moves: all that differs between live and replay. */
export interface WindowParts {
  clock: Clock;
  /** Brings new records into the lake, up to the decision. A replay's were imported before: it does nothing. */
  collect(upTo: EpochMs): Promise<void>;
  /** Everything with after < knownAt <= upTo. */
  read(range: { after: EpochMs; upTo: EpochMs }): Promise<WindowInputs>;
  /** True in real time, where windows do not wait for a retraining that is due: the queue makes it beside them. */
  isRetrainingQueued?: boolean;
  /** Told of each deployed model that could not answer for a window; the others have answered. */
  armFailed?: (deployed: DeployedModels, failure: ArmFailure) => void;
}

/** What a run carries from window to window. */
export interface WindowRun {
  memory: WindowMemory;
  predictor: Predictor;
  learning: Learning;
  /** Windows up to here are warm-up: learnt from, not predicted. */
  predictAfter: EpochMs;
}

/** Everything that one window changes, computed first, written last, in one transaction with its ledger entry. */
export interface WindowEffects {
  windowEnd: EpochMs;
  asOf: EpochMs;
  /** The feature vector of each lane, in the order of its feature set. */
  vectors: readonly Float64Array[];
  /** True when the window's own candle was missing at its decision. */
  degraded: boolean;
  scores: readonly LaneScore[];
  /** Fits of the yardsticks. */
  fits: readonly Fit[];
  /** Trainings of the governed families, in order: what they made, what the gate said, what is live from now on. */
  retrainings: readonly Retraining[];
  predictions: readonly Prediction[];
  /** Deployed models that could not answer: their arms predict nothing for this window. */
  armFailures: readonly ArmFailure[];
  outcomes: readonly SettledOutcome[];
  /** Bars of which another version arrived after the first one. */
  revisions: readonly EpochMs[];
}

/**
 * Decides one window: the only path, live and in replay. It collects, reads what has become known, folds it into the
 * feature state, settles what has matured, lets every arm predict, and retrains when that is due. Before the very first
 * prediction it trains, so that there is something to predict with; what a retraining promotes serves from the next
 * window on.
 * @param windowEnd - T, the close of the bar; decided at T + grace
 * @returns the effects; the caller commits them together with the window's ledger entry
 */
export async function runWindow(
  windowEnd: EpochMs,
  run: WindowRun,
  parts: WindowParts,
): Promise<WindowEffects> {
  const { memory, learning, predictAfter } = run;
  const asOf = windowEnd + memory.graceMs;
  await parts.collect(asOf);
  const { inputs, scores } = await parts.read({ after: memory.knownUpTo, upTo: asOf });
  const row = memory.fold(inputs, windowEnd);
  const settled = memory.settle(asOf);
  const decided = { windowEnd, asOf, vectors: row.vectors, degraded: row.degraded, scores };
  if (windowEnd <= predictAfter) {
    // Nobody predicted the warm-up: it is learnt from, but its truth stays out of the ledger.
    return {
      ...decided,
      fits: [],
      retrainings: [],
      predictions: [],
      armFailures: [],
      outcomes: [],
      revisions: row.revisions,
    };
  }
  const first = await learning.begin(memory.history);
  if (first !== null) learning.accept(first);
  const fits = run.predictor.refitIfDue(windowEnd, memory.history);
  const { deployed } = learning;
  const armFailures: ArmFailure[] = [];
  const moment = {
    predictedAt: Math.max(asOf, parts.clock.now()),
    degraded: row.degraded,
    onFailure(failure: ArmFailure) {
      armFailures.push(failure);
      parts.armFailed?.(deployed, failure);
    },
  };
  const predictions = run.predictor.predict(row, moment, deployed);
  const due = parts.isRetrainingQueued === true ? null : await learning.trainIfDue(windowEnd, memory.history);
  if (due !== null) learning.accept(due);
  return {
    ...decided,
    fits,
    retrainings: [first, due].filter((retraining) => retraining !== null),
    predictions,
    armFailures,
    outcomes: settled.filter((outcome) => outcome.windowEnd > predictAfter),
    revisions: row.revisions,
  };
}

/** The windows T with after < T <= upTo on the grid of a bar. */
export function windowsBetween(after: EpochMs, upTo: EpochMs, barMinutes: number): EpochMs[] {
  const bar = barMinutes * MINUTE_MS;
  const windows: EpochMs[] = [];
  for (let end = (Math.floor(after / bar) + 1) * bar; end <= upTo; end += bar) windows.push(end);
  return windows;
}
