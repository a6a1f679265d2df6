import { MINUTE_MS, SECOND_MS, type EpochMs } from '../core/index.ts';
import type { FeatureInput } from './definition.ts';
import type { FeatureSet } from './feature-set.ts';
import { createFeatureState, type FeatureState } from './state.ts';

/** Rows of one feature set in time order. */
export interface FeatureRows {
  /** T, epoch milliseconds, shape (n) */
  windowEnds: Float64Array;
  /** shape (n, names), row-major, NaN = missing */
  values: Float64Array;
  /** 1 = the window's own bar was not known, shape (n) */
  degraded: Uint8Array;
}

/** Rows with the state after the last of them. */
export interface BuiltFeatures extends FeatureRows {
  /** As of the last window's decision. */
  state: FeatureState;
  /** How many inputs that state has folded in this call; the rest became known later. */
  folded: number;
  /** Close times of the bars of which a further version was passed over. */
  revisions: EpochMs[];
}

/** What a build folds. */
export interface BuildOptions {
  featureSet: FeatureSet;
  /** In the order of `compareObservations`. */
  inputs: readonly FeatureInput[];
  /** Windows with after < T <= upTo, or a list in time order. Default: first bar's close to the last bar's. */
  windows?: { after: EpochMs; upTo: EpochMs } | ArrayLike<EpochMs>;
  /** Each window is decided this long after its end. */
  graceSeconds: number;
  /** Folded further, in place; default: an empty one. */
  state?: FeatureState;
}

/**
 * Folds history window by window, by the very steps that run online.
 * @returns one row a window
 * @throws RangeError when inputs or windows are not in order, or the state knows more than the first decision
 */
export function buildFeatureRows(options: BuildOptions): BuiltFeatures {
  const { featureSet, inputs, graceSeconds, state = createFeatureState(options.featureSet) } = options;
  const windowEnds = windowsOf(options);
  const width = featureSet.names.length;
  const values = new Float64Array(windowEnds.length * width);
  const degraded = new Uint8Array(windowEnds.length);
  const row = new Float64Array(width);
  const revisions: EpochMs[] = [];
  let folded = 0;
  for (const [place, windowEnd] of windowEnds.entries()) {
    if (windowEnd <= (windowEnds[place - 1] ?? -Infinity)) {
      throw new RangeError(`window ${windowEnd} does not follow ${windowEnds[place - 1]}`);
    }
    const asOf = windowEnd + graceSeconds * SECOND_MS;
    for (let input = inputs[folded]; input !== undefined && input.knownAt <= asOf; input = inputs[folded]) {
      if (state.apply(input, asOf) === 'revision') revisions.push(input.eventTime);
      folded += 1;
    }
    degraded[place] = state.read({ windowEnd, asOf }, row) ? 1 : 0;
    values.set(row, place * width);
  }
  return { windowEnds, values, degraded, state, folded, revisions };
}

function windowsOf({ featureSet, inputs, windows }: BuildOptions): Float64Array {
  if (windows !== undefined && 'length' in windows) return Float64Array.from(windows);
  const barMs = featureSet.barMinutes * MINUTE_MS;
  const { after, upTo } = windows ?? barsOf(inputs, featureSet.barMinutes);
  const first = Math.floor(after / barMs) + 1;
  const count = Math.max(0, Math.floor(upTo / barMs) - first + 1);
  return Float64Array.from({ length: count }, (_, place) => (first + place) * barMs);
}

/** The span from just before the first bar's close to the last bar's; nothing when there is no bar. */
function barsOf(inputs: readonly FeatureInput[], barMinutes: number): { after: EpochMs; upTo: EpochMs } {
  let first = Infinity;
  let last = -Infinity;
  for (const input of inputs) {
    if (input.kind !== 'candle' || input.barMinutes !== barMinutes) continue;
    first = Math.min(first, input.eventTime);
    last = Math.max(last, input.eventTime);
  }
  return first > last ? { after: 0, upTo: 0 } : { after: first - 1, upTo: last };
}
