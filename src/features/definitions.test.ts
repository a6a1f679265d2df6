import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../core/index.ts';
import { buildFeatureRows } from './build.ts';
import type { FeatureInput } from './definition.ts';
import { createFeatureSet } from './feature-set.ts';
import reference from './fixtures/reference.json' with { type: 'json' };
import {
  articleAt,
  candleAt,
  fearGreedOf,
  GRACE_SECONDS,
  ORIGIN,
  postAt,
  sorted,
} from './inputs.contract.ts';

const GRACE_MS = GRACE_SECONDS * SECOND_MS;

/** Features of one window by name. */
function read(inputs: FeatureInput[], windowEnd: number, barMinutes = 60): Record<string, number> {
  const featureSet = createFeatureSet({ barMinutes, scorer: 'vader@1.0.0' });
  const { values } = buildFeatureRows({
    featureSet,
    inputs: sorted(inputs),
    windows: [windowEnd],
    graceSeconds: GRACE_SECONDS,
  });
  return Object.fromEntries(featureSet.names.map((name, place) => [name, values[place]!]));
}

function hourly(closes: readonly number[], first = 1): FeatureInput[] {
  return closes.map((close, place) => candleAt(ORIGIN + (first + place) * HOUR_MS, { close }));
}

const hours = (count: number) => ORIGIN + count * HOUR_MS;
const wave = (count: number) => Array.from({ length: count }, (_, place) => 40_000 + 100 * Math.sin(place));

describe('the fifteen features', () => {
  it('equal an independent computation in Python on a troubled history', () => {
    const { candles, articles, posts, fearGreed, windowEnds, expected } = reference;
    const inputs: FeatureInput[] = [
      ...candles.eventTime.map((eventTime, place) =>
        candleAt(eventTime, {
          id: `c${String(place).padStart(4, '0')}`,
          knownAt: candles.knownAt[place]!,
          close: candles.close[place]!,
          volume: candles.volume[place]!,
          barMinutes: 120,
        }),
      ),
      ...articles.knownAt.map((knownAt, place) => articleAt(knownAt, articles.sentiment[place]!)),
      ...posts.knownAt.map((knownAt, place) => postAt(knownAt, posts.sentiment[place]!)),
      ...fearGreed.eventTime.map((day, place) =>
        fearGreedOf(day, fearGreed.value[place]!, fearGreed.knownAt[place]),
      ),
    ];
    const featureSet = createFeatureSet({ barMinutes: 120, scorer: 'vader@1.0.0' });
    const { values } = buildFeatureRows({
      featureSet,
      inputs: sorted(inputs),
      windows: windowEnds,
      graceSeconds: GRACE_SECONDS,
    });
    const seen = new Set<string>();
    expected.forEach((row, window) => {
      row.forEach((value, place) => {
        const name = featureSet.names[place]!;
        const found = values[window * row.length + place]!;
        const where = `${name} of window ${window}`;
        if (value === null) expect(found, where).toBeNaN();
        else expect(Math.abs(found - value), where).toBeLessThanOrEqual(1e-11 * Math.max(1, Math.abs(value)));
        seen.add(`${name} ${value === null ? 'missing' : 'present'}`);
      });
    });
    // The fixture shows each feature both present and missing, but the clock's.
    expect(seen.size).toBe(2 * 15 - 1);
  });

  it('read a rising market by hand: log returns, RSI 100, the upper half of the band', () => {
    const features = read(hourly(Array.from({ length: 40 }, (_, place) => 100 * 1.01 ** place)), hours(40));
    expect(features.return_1bar).toBeCloseTo(Math.log(1.01), 12);
    expect(features.return_4h).toBeCloseTo(4 * Math.log(1.01), 12);
    expect(features.return_24h).toBeCloseTo(24 * Math.log(1.01), 12);
    expect(features.volatility_24h).toBeCloseTo(0, 12);
    expect(features.rsi_14).toBe(100);
    expect(features.bollinger_b_20).toBeGreaterThan(0.5);
  });

  it('read a flat market without an infinity', () => {
    const features = read(hourly(new Array<number>(40).fill(0.1)), hours(40));
    expect(features).toMatchObject({ return_1bar: 0, volatility_24h: 0, rsi_14: 50, macd_histogram: 0 });
    expect(features.bollinger_b_20).toBeNaN();
    expect(features.volume_z_24h).toBeNaN();
  });

  it('are missing in all eight price features when the own bar is, and in no other', () => {
    const features = read(
      [...hourly(wave(40)), articleAt(hours(40), 0.5), fearGreedOf(hours(24), 30)],
      hours(41),
    );
    const missing = Object.keys(features).filter((name) => Number.isNaN(features[name]));
    expect(missing).toHaveLength(9);
    expect(missing).toContain('social_sentiment_24h');
    expect(features).toMatchObject({ news_sentiment_4h: 0.5, fear_greed: 30, hour_of_week: 41 });
  });

  it('take a late bar into the windowed features and leave it out of the recursive ones', () => {
    const punctual = hourly(wave(60));
    const late = punctual.map((input, place) => (place === 50 ? { ...input, knownAt: hours(53) } : input));
    const without = punctual.filter((_, place) => place !== 50);
    const [asLate, asPunctual, asMissing] = [late, punctual, without].map((inputs) =>
      read(inputs, hours(60)),
    );
    for (const name of ['return_24h', 'volatility_24h', 'bollinger_b_20', 'volume_z_24h']) {
      expect(asLate![name], name).toEqual(asPunctual![name]);
    }
    for (const name of ['rsi_14', 'macd_histogram']) {
      expect(asLate![name], name).toBe(asMissing![name]);
      expect(asLate![name], name).not.toBe(asPunctual![name]);
    }
    expect(read(late, hours(51)).return_1bar).toBeNaN();
  });

  it('pass over a bar that arrives when its place is gone', () => {
    const inputs = hourly(wave(80));
    const tooLate = { ...inputs[0]!, knownAt: hours(79) };
    expect(read([...inputs.slice(1), tooLate], hours(80))).toEqual(read(inputs.slice(1), hours(80)));
  });

  it('keep the first version of a bar whatever comes later', () => {
    const inputs = hourly(wave(60));
    const revision = candleAt(hours(59), {
      id: 'second',
      source: 'other',
      close: 1,
      knownAt: hours(59) + 9_000,
    });
    expect(read([...inputs, revision], hours(60))).toEqual(read(inputs, hours(60)));
  });

  it('start the recursive features again after more than a day without a bar, and not after a day', () => {
    const before = hourly(wave(40));
    const gapOf = (gap: number) => read([...before, ...hourly(wave(20), 40 + gap)], hours(40 + gap + 19));
    const fresh = read(hourly(wave(20), 65), hours(84));
    expect(gapOf(25).rsi_14).toBe(fresh.rsi_14);
    expect(gapOf(24).rsi_14).not.toBe(fresh.rsi_14);
    expect(gapOf(25).macd_histogram).toBeNaN();
    expect(gapOf(24).macd_histogram).not.toBeNaN();
  });

  it('are as on the first day after a month-long gap', () => {
    const month = 31 * 24;
    const after = hourly(wave(50), month);
    const joined = read([...hourly(wave(50)), ...after], hours(month + 49));
    expect(joined).toEqual(read(after, hours(month + 49)));
  });

  it('need half of the bars of a window', () => {
    const sparse = (present: number) =>
      hourly(wave(40))
        .map((input, place) => ({ ...input, volume: 100 + place }))
        .filter((_, place) => place < present || place === 39);
    // The last 24 bars are the places 16 to 39; the own bar is there in each case, but without a return.
    expect(read(sparse(28), hours(40)).volatility_24h).not.toBeNaN();
    expect(read(sparse(27), hours(40)).volatility_24h).toBeNaN();
    expect(read(sparse(27), hours(40)).volume_z_24h).not.toBeNaN();
    expect(read(sparse(26), hours(40)).volume_z_24h).toBeNaN();
  });

  it('take exactly the texts that are younger than the window is long', () => {
    const asOf = hours(100) + GRACE_MS;
    const inputs = [
      articleAt(asOf - DAY_MS, -1),
      articleAt(asOf - DAY_MS + 1, 0.2),
      articleAt(asOf - 4 * HOUR_MS, 0.4),
      articleAt(asOf - 4 * HOUR_MS + 1, 0.6),
      articleAt(asOf - 1, null),
      articleAt(asOf, 0.8),
      articleAt(asOf + 1, -1),
      postAt(asOf - DAY_MS, 1),
      postAt(asOf - HOUR_MS, -0.5),
    ];
    const features = read(inputs, hours(100));
    expect(features.news_sentiment_4h).toBeCloseTo(0.7, 12);
    expect(features.news_sentiment_24h).toBeCloseTo(0.5, 12);
    expect(features.news_dispersion_24h).toBeCloseTo(Math.sqrt(0.05), 12);
    expect(features.social_sentiment_24h).toBe(-0.5);
    // Five of six articles today; the oldest lies in the 25th hour back.
    expect(features.news_count_24h).toBeCloseTo(Math.log(6 / (1 + 6 / (25 / 24))), 12);
  });

  it('tell a quiet day from a silent feed', () => {
    const known = hours(1);
    const quiet = read([articleAt(known, 0.5)], known + 3 * DAY_MS - HOUR_MS);
    expect(quiet.news_count_24h).toBeCloseTo(-Math.log(1 + 1 / (72 / 24)), 12);
    expect(quiet.news_sentiment_24h).toBeNaN();
    expect(quiet.news_dispersion_24h).toBeNaN();
    const justHeard = read([articleAt(known + GRACE_MS + 1, 0.5)], known + 3 * DAY_MS);
    expect(justHeard.news_count_24h).not.toBeNaN();
    const silent = read([articleAt(known + GRACE_MS, 0.5)], known + 3 * DAY_MS);
    expect(silent.news_count_24h).toBeNaN();
  });

  it('count news against a month of it, and forget what is older', () => {
    const steady = Array.from({ length: 40 * 24 }, (_, place) => articleAt(hours(place), 0));
    expect(read(steady, hours(40 * 24 - 1)).news_count_24h).toBeCloseTo(0, 12);
    const burst = Array.from({ length: 24 }, (_, place) => articleAt(hours(40 * 24 - 24 + place) + 1, 0));
    expect(read([...steady, ...burst], hours(40 * 24 - 1)).news_count_24h).toBeCloseTo(
      Math.log((1 + 48) / (1 + (720 + 24) / 30)),
      12,
    );
    const back = [...steady, articleAt(hours(80 * 24), 0)];
    expect(read(back, hours(80 * 24)).news_count_24h).toBe(0);
  });

  it('keep the newest of a flood of texts', () => {
    const flood = Array.from({ length: 8_200 }, (_, place) =>
      articleAt(hours(1) + place, place < 8 ? -1 : 1),
    );
    expect(read(flood, hours(1)).news_sentiment_24h).toBe(1);
  });

  it("hold fear and greed for 72 hours, by its latest day and that day's first version", () => {
    const day = ORIGIN + 10 * DAY_MS;
    const inputs = [
      fearGreedOf(day, 40),
      fearGreedOf(day, 41, day + 2 * HOUR_MS),
      fearGreedOf(day - DAY_MS, 90, day + 3 * HOUR_MS),
      { ...fearGreedOf(day + DAY_MS, 7), name: 'other' },
    ];
    expect(read(inputs, day + 72 * HOUR_MS).fear_greed).toBe(40);
    expect(read(inputs, day + 73 * HOUR_MS).fear_greed).toBeNaN();
    expect(read([], day).fear_greed).toBeNaN();
  });

  it('count the hours of the week in UTC from Monday, across a change to summer time', () => {
    expect(read([], ORIGIN).hour_of_week).toBe(0);
    expect(read([], ORIGIN - 15 * MINUTE_MS, 15).hour_of_week).toBe(167);
    const europeanChange = Date.UTC(2022, 2, 27);
    const found = [0, 1, 2, 3].map((hour) => read([], europeanChange + hour * HOUR_MS).hour_of_week);
    expect(found).toEqual([144, 145, 146, 147]);
    expect(read([], Date.UTC(1970, 0, 1)).hour_of_week).toBe(72);
  });

  it('read bars of their own length alone, and bars that do not divide four hours', () => {
    const bars = [1, 2, 3, 4, 5].map((bar) =>
      candleAt(ORIGIN + bar * 90 * MINUTE_MS, { barMinutes: 90, close: 100 * 2 ** bar }),
    );
    const end = ORIGIN + 5 * 90 * MINUTE_MS;
    const features = read([...bars, candleAt(hours(7), { close: 1 })], end, 90);
    expect(features.return_4h).toBeCloseTo(3 * Math.LN2, 12);
    expect(
      read([candleAt(ORIGIN + DAY_MS, { barMinutes: 1_440 })], ORIGIN + DAY_MS, 1_440).volatility_24h,
    ).toBeNaN();
  });
});
