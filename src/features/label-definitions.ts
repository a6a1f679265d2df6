import { DAY_MS, MINUTE_MS, SECOND_MS, type EpochMs } from '../core/index.ts';
import { quantile } from '../stats/index.ts';
import { labelAt, PATIENCE_MS, PENDING, type CloseSeries, type Label } from './labels.ts';

/** How far back the volatility of a barrier looks. */
const VOLATILITY_DAYS = 7;
/** How far back the returns lie that a large move is held against. */
const QUANTILE_DAYS = 30;
/** Of what lies in such a past, the share that has to be there. */
const LEAST_SHARE = 0.5;

/**
 * What is asked of a window; fixed before anything is fitted.
 *
 * - `sign`: is close(T+h) above close(T)?
 * - `dead-zone`: the same, but void where the return is no larger than so many basis points, either way.
 * - `triple-barrier`: which of two closes comes first, one so much above or one so much below close(T)? So much is a
 *   multiple of the volatility of the 7 days before T, scaled to the horizon. Where neither came by T+h: the sign at T+h.
 * - `large-move`: is the return larger, either way, than that quantile of the 30 days of returns that had matured by T?
 *   Then `up` stands for yes and `down` for no.
 */
export type LabelDefinition =
  | { kind: 'sign' }
  | { kind: 'dead-zone'; basisPoints: number }
  | { kind: 'triple-barrier'; multiple: number }
  | { kind: 'large-move'; quantile: number };

/** Which window is labelled, as of when. */
export interface LabelledWindow {
  /** T, epoch ms. */
  windowEnd: EpochMs;
  horizonMinutes: number;
  barMinutes: number;
  /** Volatility and quantile are made of closes known so long after T. */
  graceSeconds: number;
  /** Only closes with `knownAt <= asOf` are seen. */
  asOf: EpochMs;
  /** Default 0; one bar asks the same from close(T+b) on. Volatility and quantile stay those of T. */
  entryDelayMinutes?: number;
}

/**
 * The truth of a window by one of several definitions. Each is known at the first moment from which it can never change:
 * a triple barrier with the close that touched it and all before it, the others with close(T+h). Its `futureReturn` is
 * that from entry to there. A close that is still absent 24 h after maturity is passed over by a barrier on its way, and
 * makes the window void where it stands at entry or at the end; so does a past of which more than half is absent.
 * @throws RangeError when the horizon is no positive multiple of the bar, or the definition's number is out of range
 * @see López de Prado (2018), Advances in Financial Machine Learning, 3.4 (triple barrier)
 */
export function labelBy(definition: LabelDefinition, series: CloseSeries, window: LabelledWindow): Label {
  requireLabel(definition, window);
  switch (definition.kind) {
    case 'sign':
      return labelAt(series, window);
    case 'dead-zone':
      return outsideOf(definition.basisPoints / 10_000, labelAt(series, window));
    case 'triple-barrier':
      return asKnown(firstTouch(definition.multiple, series, window), window.asOf);
    case 'large-move':
      return asKnown(largeMove(definition.quantile, series, window), window.asOf);
  }
}

type Settled = Exclude<Label, { outcome: null }>;

function outsideOf(deadZone: number, label: Label): Label {
  if (label.outcome === null || !(Math.abs(label.futureReturn) <= deadZone)) return label;
  return { ...label, outcome: 'void' };
}

function asKnown(label: Settled, asOf: EpochMs): Label {
  return label.knownAt <= asOf ? label : PENDING;
}

function firstTouch(multiple: number, series: CloseSeries, window: LabelledWindow): Settled {
  const { windowEnd, horizonMinutes, barMinutes, entryDelayMinutes = 0 } = window;
  const decided = decidedAt(window);
  const entry = windowEnd + entryDelayMinutes * MINUTE_MS;
  const end = entry + horizonMinutes * MINUTE_MS;
  const latest = end + PATIENCE_MS;
  const barrier = multiple * trailingVolatility(series, window) * Math.sqrt(horizonMinutes / barMinutes);
  if (!(barrier > 0)) return { outcome: 'void', knownAt: decided, futureReturn: NaN };
  const absent: Settled = { outcome: 'void', knownAt: latest, futureReturn: NaN };
  let knownAt = Math.max(decided, series.knownAt(entry));
  if (knownAt > latest) return absent;
  const start = series.closeAt(entry, latest);
  for (let at = entry + barMinutes * MINUTE_MS; at <= end; at += barMinutes * MINUTE_MS) {
    knownAt = Math.max(knownAt, Math.min(series.knownAt(at), latest));
    const futureReturn = Math.log(series.closeAt(at, latest) / start);
    if (Math.abs(futureReturn) >= barrier || (at === end && !Number.isNaN(futureReturn))) {
      const outcome = futureReturn > 0 ? 'up' : futureReturn < 0 ? 'down' : 'void';
      return { outcome, knownAt, futureReturn };
    }
  }
  return absent;
}

/** Root of the mean square of one-bar log returns over the days before T, as known at its decision; NaN for too few. */
function trailingVolatility(series: CloseSeries, window: LabelledWindow): number {
  const barMs = window.barMinutes * MINUTE_MS;
  const bars = Math.ceil((VOLATILITY_DAYS * DAY_MS) / barMs);
  const asOf = decidedAt(window);
  let squares = 0;
  let count = 0;
  let later = series.closeAt(window.windowEnd, asOf);
  for (let bar = 1; bar <= bars; bar += 1) {
    const close = series.closeAt(window.windowEnd - bar * barMs, asOf);
    const move = Math.log(later / close);
    later = close;
    if (Number.isNaN(move)) continue;
    squares += move * move;
    count += 1;
  }
  return count >= LEAST_SHARE * bars ? Math.sqrt(squares / count) : NaN;
}

function largeMove(share: number, series: CloseSeries, window: LabelledWindow): Settled {
  const label = labelAt(series, { ...window, asOf: Infinity });
  const decided = decidedAt(window);
  // With an end to patience it is always settled in the end.
  const { knownAt, futureReturn } = label.outcome === null ? { knownAt: Infinity, futureReturn: NaN } : label;
  const threshold = trailingQuantile(share, series, window);
  if (Number.isNaN(threshold)) return { outcome: 'void', knownAt: decided, futureReturn: NaN };
  const settledAt = Math.max(decided, knownAt);
  if (Number.isNaN(futureReturn)) return { outcome: 'void', knownAt: settledAt, futureReturn };
  const outcome = Math.abs(futureReturn) > threshold ? 'up' : 'down';
  return { outcome, knownAt: settledAt, futureReturn };
}

/** Quantile of the sizes of returns over the horizon that ended in the days up to T, as known at its decision. */
function trailingQuantile(share: number, series: CloseSeries, window: LabelledWindow): number {
  const barMs = window.barMinutes * MINUTE_MS;
  const horizonMs = window.horizonMinutes * MINUTE_MS;
  const bars = Math.ceil((QUANTILE_DAYS * DAY_MS) / barMs);
  const asOf = decidedAt(window);
  const sizes = new Float64Array(bars);
  let count = 0;
  for (let bar = 0; bar < bars; bar += 1) {
    const end = window.windowEnd - bar * barMs;
    const size = Math.abs(Math.log(series.closeAt(end, asOf) / series.closeAt(end - horizonMs, asOf)));
    if (!Number.isNaN(size)) sizes[count++] = size;
  }
  return count >= LEAST_SHARE * bars ? quantile(sizes.subarray(0, count), share) : NaN;
}

function decidedAt({ windowEnd, graceSeconds }: LabelledWindow): EpochMs {
  return windowEnd + graceSeconds * SECOND_MS;
}

function requireLabel(definition: LabelDefinition, { horizonMinutes, barMinutes }: LabelledWindow): void {
  if (!(horizonMinutes > 0) || !Number.isInteger(horizonMinutes / barMinutes)) {
    throw new RangeError(`a horizon of ${horizonMinutes} min is no multiple of bars of ${barMinutes} min`);
  }
  if (
    definition.kind === 'dead-zone' &&
    !(definition.basisPoints >= 0 && definition.basisPoints < Infinity)
  ) {
    throw new RangeError(`a dead zone is a number of basis points from 0, got ${definition.basisPoints}`);
  }
  if (definition.kind === 'triple-barrier' && !(definition.multiple > 0 && definition.multiple < Infinity)) {
    throw new RangeError(`a barrier is a multiple above 0 of the volatility, got ${definition.multiple}`);
  }
  if (definition.kind === 'large-move' && !(definition.quantile > 0 && definition.quantile < 1)) {
    throw new RangeError(`a quantile of moves lies between 0 and 1, got ${definition.quantile}`);
  }
}
