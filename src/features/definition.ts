import type { EpochMs } from '../core/index.ts';
import type { CandleObservation, IndexObservation, TextObservation } from '../lake/index.ts';
import type { BarTrack } from './bars.ts';
import type { MacdTrack, RsiTrack } from './momentum.ts';
import type { IndexTrack, NewsTrack, TextTrack } from './texts.ts';

/** A text with what the scorer says of it: -1..1, or null when no scorer was available. */
export type ScoredTextObservation = TextObservation & { sentiment: number | null };

/** What features are folded from. */
export type FeatureInput = CandleObservation | IndexObservation | ScoredTextObservation;

/** The window that is decided, and the moment of its decision. */
export interface Moment {
  windowEnd: EpochMs;
  asOf: EpochMs;
}

/** What the features of a set remember together: each thing once, however many features read it. */
export interface Tracks {
  bars: BarTrack;
  rsi: RsiTrack;
  macd: MacdTrack;
  news: NewsTrack;
  posts: TextTrack;
  fearGreed: IndexTrack;
}

/** Folds one input into the tracks, in place, and hands them back. */
export type FeatureStep = (tracks: Tracks, input: FeatureInput) => Tracks;

/**
 * What a feature needs: `sentiment` what a scorer says of the news, `social` what it says of posts, `price` no scorer, so
 * besides the bars also how much news there is, fear and greed, and the hour. Arms without a scorer read `price` alone.
 */
export type FeatureGroup = 'price' | 'sentiment' | 'social';

/**
 * One feature. `step` folds an input into the tracks it was given, in place, and hands them back: the tracks are owned
 * by one fold, and whoever needs the old ones copies first. Features that read the same track share its step, which
 * then runs once an input. `read` changes nothing.
 */
export interface FeatureDefinition {
  readonly name: string;
  /** Raised with every change of the formula. */
  readonly version: number;
  readonly dtype: 'float64';
  readonly unit: string;
  readonly lookback: string;
  readonly inputs: readonly ('candle' | 'article' | 'post' | 'index:fear_greed')[];
  readonly group: FeatureGroup;
  /** Null for what needs nothing but the moment. */
  readonly step: FeatureStep | null;
  /** @returns the value, NaN = missing */
  readonly read: (tracks: Tracks, moment: Moment) => number;
}
