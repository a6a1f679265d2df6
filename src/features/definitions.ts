import { DAY_MS, HOUR_MS, MINUTE_MS, type EpochMs } from '../core/index.ts';
import { closeOf, spreadOf, stepBars, type BarTrack } from './bars.ts';
import type { FeatureDefinition, FeatureInput, Tracks } from './definition.ts';
import { readMacd, readRsi, stepMacd, stepRsi } from './momentum.ts';
import {
  dispersion,
  meanSentiment,
  readIndex,
  relativeCount,
  stepIndex,
  stepNews,
  stepTexts,
} from './texts.ts';

const FOUR_HOURS_MS = 4 * HOUR_MS;
const BOLLINGER_BARS = 20;
const HOURS_PER_WEEK = 168;
/** 1970-01-05, the first Monday of epoch time. */
const FIRST_MONDAY = 4 * DAY_MS;

type Facts = Pick<FeatureDefinition, 'name' | 'unit' | 'lookback'>;
type ReadBar = (tracks: Tracks, bar: number) => number;

/** Feature set v1. The formulas, with every edge, stand in docs/features.md. */
export const FEATURE_DEFINITIONS: readonly FeatureDefinition[] = [
  fromBars({ name: 'return_1bar', unit: 'log return', lookback: '1 bar' }, ({ bars }, bar) =>
    logReturn(bars, { bar, span: bars.barMs }),
  ),
  fromBars({ name: 'return_4h', unit: 'log return', lookback: '4 h' }, ({ bars }, bar) =>
    logReturn(bars, { bar, span: FOUR_HOURS_MS }),
  ),
  fromBars({ name: 'return_24h', unit: 'log return', lookback: '24 h' }, ({ bars }, bar) =>
    logReturn(bars, { bar, span: DAY_MS }),
  ),
  fromBars({ name: 'volatility_24h', unit: 'log return per bar', lookback: '24 h' }, ({ bars }, bar) =>
    volatility(bars, bar),
  ),
  fromBars({ name: 'rsi_14', unit: 'points', lookback: '14 bars, recursive' }, ({ rsi }) => readRsi(rsi)),
  fromBars(
    { name: 'macd_histogram', unit: 'share of the close', lookback: '26 + 9 bars, recursive' },
    ({ macd, bars }, bar) => readMacd(macd) / closeOf(bars, bar),
  ),
  fromBars(
    { name: 'bollinger_b_20', unit: "share of the band's width", lookback: '20 bars' },
    ({ bars }, bar) => bollingerShare(bars, bar),
  ),
  fromBars({ name: 'volume_z_24h', unit: 'standard deviations', lookback: '24 h' }, ({ bars }, bar) =>
    volumeScore(bars, bar),
  ),
  {
    ...fromNews({ name: 'news_sentiment_4h', unit: 'sentiment', lookback: '4 h' }),
    read: ({ news }, { asOf }) => meanSentiment(news, { asOf, length: FOUR_HOURS_MS }),
  },
  {
    ...fromNews({ name: 'news_sentiment_24h', unit: 'sentiment', lookback: '24 h' }),
    read: ({ news }, { asOf }) => meanSentiment(news, { asOf, length: DAY_MS }),
  },
  {
    ...fromNews({ name: 'news_count_24h', unit: 'log ratio', lookback: '30 days' }),
    // Articles are counted, not read.
    group: 'price',
    read: ({ news }, { asOf }) => relativeCount(news, asOf),
  },
  {
    ...fromNews({ name: 'news_dispersion_24h', unit: 'sentiment', lookback: '24 h' }),
    read: ({ news }, { asOf }) => dispersion(news, { asOf, length: DAY_MS }),
  },
  {
    name: 'social_sentiment_24h',
    version: 1,
    dtype: 'float64',
    unit: 'sentiment',
    lookback: '24 h',
    inputs: ['post'],
    group: 'social',
    step: takePost,
    read: ({ posts }, { asOf }) => meanSentiment(posts, { asOf, length: DAY_MS }),
  },
  {
    name: 'fear_greed',
    version: 1,
    dtype: 'float64',
    unit: 'points',
    lookback: '72 h',
    inputs: ['index:fear_greed'],
    group: 'price',
    step: takeFearGreed,
    read: ({ fearGreed }, { asOf }) => readIndex(fearGreed, asOf),
  },
  {
    name: 'hour_of_week',
    version: 1,
    dtype: 'float64',
    unit: 'hours',
    lookback: 'none',
    inputs: [],
    group: 'price',
    step: null,
    read: (_, { windowEnd }) => hourOfWeek(windowEnd),
  },
];

/** A price feature: missing, like all of them, when the window's own bar is. */
function fromBars(facts: Facts, readBar: ReadBar): FeatureDefinition {
  return {
    ...facts,
    version: 1,
    dtype: 'float64',
    inputs: ['candle'],
    group: 'price',
    step: takeBar,
    read(tracks, { windowEnd }) {
      const bar = windowEnd / tracks.bars.barMs;
      return Number.isNaN(closeOf(tracks.bars, bar)) ? NaN : readBar(tracks, bar);
    },
  };
}

function fromNews(facts: Facts): Omit<FeatureDefinition, 'read'> {
  return {
    ...facts,
    version: 1,
    dtype: 'float64',
    inputs: ['article'],
    group: 'sentiment',
    step: takeArticle,
  };
}

function takeBar(tracks: Tracks, input: FeatureInput): Tracks {
  if (input.kind !== 'candle' || input.barMinutes * MINUTE_MS !== tracks.bars.barMs) return tracks;
  stepBars(tracks.bars, input);
  stepRsi(tracks.rsi, input);
  stepMacd(tracks.macd, input);
  return tracks;
}

function takeArticle(tracks: Tracks, input: FeatureInput): Tracks {
  if (input.kind === 'article') stepNews(tracks.news, input);
  return tracks;
}

function takePost(tracks: Tracks, input: FeatureInput): Tracks {
  if (input.kind === 'post') stepTexts(tracks.posts, input);
  return tracks;
}

function takeFearGreed(tracks: Tracks, input: FeatureInput): Tracks {
  if (input.kind === 'index' && input.name === 'fear_greed') stepIndex(tracks.fearGreed, input);
  return tracks;
}

function logReturn(bars: BarTrack, { bar, span }: { bar: number; span: number }): number {
  return Math.log(closeOf(bars, bar) / closeOf(bars, bar - Math.ceil(span / bars.barMs)));
}

function volatility(bars: BarTrack, bar: number): number {
  const length = DAY_MS / bars.barMs;
  const { count, squares } = spreadOf(bars, bars.returns, { last: bar, length });
  return count < enough(length) ? NaN : Math.sqrt(squares / (count - 1));
}

function bollingerShare(bars: BarTrack, bar: number): number {
  const { count, mean, squares } = spreadOf(bars, bars.closes, { last: bar, length: BOLLINGER_BARS });
  const deviation = Math.sqrt(squares / count);
  if (count < enough(BOLLINGER_BARS) || deviation === 0) return NaN;
  return (closeOf(bars, bar) - (mean - 2 * deviation)) / (4 * deviation);
}

function volumeScore(bars: BarTrack, bar: number): number {
  const length = DAY_MS / bars.barMs;
  const { count, mean, squares } = spreadOf(bars, bars.logVolumes, { last: bar, length });
  if (count < enough(length) || squares === 0) return NaN;
  const own = bars.logVolumes[bar % bars.logVolumes.length] ?? NaN;
  return (own - mean) / Math.sqrt(squares / (count - 1));
}

/** At least half of the places, and two, because one value has no spread. */
function enough(length: number): number {
  return Math.max(2, Math.ceil(length / 2));
}

function hourOfWeek(windowEnd: EpochMs): number {
  const hours = Math.floor((windowEnd - FIRST_MONDAY) / HOUR_MS) % HOURS_PER_WEEK;
  return hours < 0 ? hours + HOURS_PER_WEEK : hours;
}
