import { isoUtc, MINUTE_MS, type EpochMs } from '../core/index.ts';
import { compareObservations, type FoldKey } from '../lake/index.ts';
import { closeOf } from './bars.ts';
import type { FeatureInput, FeatureStep, Moment } from './definition.ts';
import type { FeatureSet } from './feature-set.ts';
import { createTracks, parseState, writeState, type StateContent } from './state-json.ts';

/** What a feature set remembers of one asset: of fixed size, advanced input by input, offline and online alike. */
export interface FeatureState {
  readonly featureSet: FeatureSet;
  /**
   * Folds one input, in place.
   * @param asOf - the moment of decision that the input is folded for
   * @returns `revision` when the input is a further version of a bar that was already there: it changed no feature,
   *   and the caller raises an event; else `folded`
   * @throws RangeError when the input was not known at `asOf`, is not after the last one in the order of
   *   `compareObservations`, closes off the bar's grid, or carries a price, volume, sentiment or value that is none
   */
  apply(input: FeatureInput, asOf: EpochMs): 'folded' | 'revision';
  /**
   * Reads all features of a window; changes nothing.
   * @param moment.windowEnd - T, on the bar's grid
   * @param moment.asOf - the moment of decision, not before T
   * @param out - filled in the order of the set's names; NaN = missing; shape (names)
   * @returns degraded: true when the window's own bar is not known
   * @throws RangeError when the state knows more than `asOf`, T is off the grid or after `asOf`, or `out` has another
   *   length
   */
  read(moment: Moment, out: Float64Array): boolean;
  /** Further versions of bars that were passed over so far. */
  revisions(): number;
  /** A state of its own with the same content, so that one more article can be tried without touching this one. */
  copy(): FeatureState;
  /** JSON text from which `deserialiseFeatureState` makes the same state, bit for bit. */
  serialise(): string;
}

/** An empty state: every feature but the clock's is missing. */
export function createFeatureState(featureSet: FeatureSet): FeatureState {
  return stateWith(featureSet, { last: null, tracks: createTracks(featureSet.barMinutes) });
}

/**
 * The state that `serialise` wrote.
 * @throws AppError `FEATURES_STATE_INVALID` when the text is none, or one of another feature set
 */
export function deserialiseFeatureState(featureSet: FeatureSet, text: string): FeatureState {
  return stateWith(featureSet, parseState(featureSet, text));
}

function stateWith(featureSet: FeatureSet, content: StateContent): FeatureState {
  const { definitions, barMinutes } = featureSet;
  const steps = distinctSteps(featureSet);
  const { bars } = content.tracks;
  return {
    featureSet,
    apply(input, asOf) {
      checkInput(input, barMinutes);
      checkOrder(content.last, input, asOf);
      const before = bars.revisions;
      for (const step of steps) step(content.tracks, input);
      content.last = { knownAt: input.knownAt, source: input.source, id: input.id };
      return bars.revisions > before ? 'revision' : 'folded';
    },
    read(moment, out) {
      checkMoment(content.last, moment, featureSet);
      if (out.length !== definitions.length) {
        throw new RangeError(`${definitions.length} features do not fit into ${out.length} places`);
      }
      for (let place = 0; place < definitions.length; place += 1) {
        const value = definitions[place]?.read(content.tracks, moment) ?? NaN;
        // One NaN of all its bit patterns, and no negative zero: so a vector keeps its bits through every store.
        out[place] = Number.isNaN(value) ? NaN : value + 0;
      }
      return Number.isNaN(closeOf(bars, moment.windowEnd / bars.barMs));
    },
    revisions: () => bars.revisions,
    copy: () => stateWith(featureSet, copied(content)),
    serialise: () => writeState(featureSet, content),
  };
}

/** Features that read the same track share its step; it runs once an input. */
function distinctSteps({ definitions }: FeatureSet): FeatureStep[] {
  return [...new Set(definitions.map(({ step }) => step).filter((step) => step !== null))];
}

function checkOrder(last: FoldKey | null, input: FeatureInput, asOf: EpochMs): void {
  if (!(input.knownAt <= asOf)) {
    throw new RangeError(`${told(input)} was not known at ${isoUtc(asOf)}: fold it in a later window`);
  }
  if (last !== null && compareObservations(last, input) >= 0) {
    throw new RangeError(`${told(input)} comes after ${told(last)}: inputs are folded in order, each once`);
  }
}

function checkMoment(last: FoldKey | null, { windowEnd, asOf }: Moment, { barMinutes }: FeatureSet): void {
  if (!Number.isInteger(windowEnd / (barMinutes * MINUTE_MS)) || !(windowEnd <= asOf)) {
    throw new RangeError(
      `a window ends on the grid of ${barMinutes} minutes, not after asOf; got ${windowEnd} and ${asOf}`,
    );
  }
  if (last !== null && !(last.knownAt <= asOf)) {
    throw new RangeError(`the state has folded ${told(last)}, which nobody knew at ${isoUtc(asOf)}`);
  }
}

/** The lake's door has seen these values; what gets here nevertheless would poison the state for good. */
function checkInput(input: FeatureInput, barMinutes: number): void {
  if (input.kind === 'candle') {
    if (input.barMinutes !== barMinutes) return;
    const { eventTime, close, volume } = input;
    const isSound = close > 0 && close < Infinity && volume >= 0 && volume < Infinity;
    if (isSound && eventTime >= 0 && Number.isInteger(eventTime / (barMinutes * MINUTE_MS))) return;
    throw new RangeError(`no bar of ${barMinutes} minutes: ${told(input)}, close ${close}, volume ${volume}`);
  }
  const value = input.kind === 'index' ? input.value : input.sentiment;
  const bound = input.kind === 'index' ? Number.MAX_VALUE : 1;
  if (value !== null && !(Math.abs(value) <= bound)) {
    throw new RangeError(`${told(input)} carries ${value}: a sentiment is -1..1 or null, a value is finite`);
  }
}

function told({ source, id, knownAt }: FoldKey): string {
  return `${source} ${id} (known ${Number.isNaN(knownAt) ? 'never' : isoUtc(knownAt)})`;
}

/** A copy by hand: a state is objects, arrays and numbers, and `structuredClone` takes fifty times as long for them. */
function copied<Value>(value: Value): Value {
  if (Array.isArray(value) || value instanceof Float64Array) return value.slice() as Value;
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) copy[name] = copied(inner);
  return copy as Value;
}
