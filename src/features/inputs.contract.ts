import { createRandom, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, type EpochMs } from '../core/index.ts';
import { compareObservations, type CandleObservation, type IndexObservation } from '../lake/index.ts';
import type { FeatureInput, ScoredTextObservation } from './definition.ts';

/** A Monday. */
export const ORIGIN: EpochMs = Date.UTC(2022, 1, 28);
export const GRACE_SECONDS = 60;
const asset = 'BTC-USD';

/** A sound candle of an hour, changed as a test wants it. */
export function candleAt(eventTime: EpochMs, changes: Partial<CandleObservation> = {}): CandleObservation {
  const close = changes.close ?? 40_000;
  return {
    kind: 'candle',
    id: `c${eventTime}`,
    source: 'test:candles',
    asset,
    eventTime,
    knownAt: eventTime + 5 * SECOND_MS,
    barMinutes: 60,
    open: close,
    high: close,
    low: close,
    close,
    volume: 100,
    ...changes,
  };
}

/** An article that became known at a moment. */
export function articleAt(
  knownAt: EpochMs,
  sentiment: number | null,
  id = `a${knownAt}`,
): ScoredTextObservation {
  return {
    kind: 'article',
    id,
    source: 'test:news',
    asset,
    eventTime: knownAt,
    knownAt,
    text: '',
    sentiment,
  };
}

/** A post that became known at a moment. */
export function postAt(knownAt: EpochMs, sentiment: number | null): ScoredTextObservation {
  return { ...articleAt(knownAt, sentiment, `p${knownAt}`), kind: 'post', source: 'test:posts' };
}

/** The fear-and-greed value of a day, known an hour after its beginning. */
export function fearGreedOf(day: EpochMs, value: number, knownAt = day + HOUR_MS): IndexObservation {
  const id = `i${day}-${value}`;
  return {
    kind: 'index',
    name: 'fear_greed',
    id,
    source: 'test:index',
    asset,
    eventTime: day,
    knownAt,
    value,
  };
}

/** In the order of folding. */
export function sorted(inputs: readonly FeatureInput[]): FeatureInput[] {
  return [...inputs].sort(compareObservations);
}

/** A seeded history with everything that goes wrong: gaps, late bars, revisions, unscored texts, silent feeds. */
export function troubledHistory(
  seed: number,
  { bars, barMinutes = 60 }: { bars: number; barMinutes?: number },
): FeatureInput[] {
  const random = createRandom(seed);
  const barMs = barMinutes * MINUTE_MS;
  const inputs: FeatureInput[] = [];
  let close = 40_000;
  for (let bar = 1; bar <= bars; bar += 1) {
    const eventTime = ORIGIN + bar * barMs;
    close *= Math.exp(0.01 * random.normal());
    const volume = Math.exp(random.normal());
    if (random.uniform() < 0.05) continue;
    const isLate = random.uniform() < 0.05;
    const knownAt = eventTime + (isLate ? random.integer(30) * barMs : 0) + 5 * SECOND_MS;
    inputs.push(candleAt(eventTime, { knownAt, close, volume, barMinutes }));
    if (random.uniform() < 0.05) {
      const second = knownAt + random.integer(5 * HOUR_MS) + 1;
      inputs.push(
        candleAt(eventTime, {
          id: `r${eventTime}`,
          knownAt: second,
          close: close * 1.01,
          volume,
          barMinutes,
        }),
      );
    }
  }
  const span = bars * barMs;
  const silentFrom = ORIGIN + 0.5 * span;
  for (let text = 0; text < span / (2 * HOUR_MS); text += 1) {
    const knownAt = ORIGIN + random.integer(span);
    const sentiment = random.uniform() < 0.1 ? null : 2 * random.uniform() - 1;
    const isSilent = knownAt > silentFrom && knownAt < silentFrom + 4 * DAY_MS;
    if (!isSilent) inputs.push(articleAt(knownAt, sentiment, `a${text}`));
    if (text % 3 === 0) inputs.push({ ...postAt(knownAt, sentiment), id: `p${text}` });
  }
  for (let day = ORIGIN; day < ORIGIN + span; day += DAY_MS)
    inputs.push(fearGreedOf(day, random.integer(101)));
  return sorted(inputs);
}
