import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, parseUtc, SECOND_MS } from '../core/index.ts';
import { buildFeatureRows } from './build.ts';
import type { FeatureInput } from './definition.ts';
import { createFeatureSet } from './feature-set.ts';
import { articleAt, candleAt, fearGreedOf, GRACE_SECONDS, sorted } from './inputs.contract.ts';
import { assertKnownTime, bitsOf, type Decision } from './known-time.contract.ts';
import { createFeatureState, deserialiseFeatureState } from './state.ts';

const HISTORY = resolve(import.meta.dirname, '../../../shared/data/history');
const YEAR = { after: parseUtc('2021-11-05'), upTo: parseUtc('2022-11-05') };
const LAG_MS = 105 * MINUTE_MS;
const featureSet = createFeatureSet({ barMinutes: 60, scorer: 'vader@1.0.0' });

describe.skipIf(!existsSync(HISTORY))(
  'a year of real history (skipped where ../shared/data is absent)',
  () => {
    const inputs = existsSync(HISTORY) ? readHistory() : [];

    it('gives the same features offline and online, bit for bit, with a restart in the middle', () => {
      const offline = buildFeatureRows({ featureSet, inputs, windows: YEAR, graceSeconds: GRACE_SECONDS });
      expect(offline.windowEnds).toHaveLength(8_760);
      let state = createFeatureState(featureSet);
      let next = 0;
      const online = new Float64Array(offline.values.length);
      offline.windowEnds.forEach((windowEnd, row) => {
        const asOf = windowEnd + GRACE_SECONDS * SECOND_MS;
        for (; next < inputs.length && inputs[next]!.knownAt <= asOf; next += 1)
          state.apply(inputs[next]!, asOf);
        state.read({ windowEnd, asOf }, online.subarray(row * 15, row * 15 + 15));
        if (row === 4_380) state = deserialiseFeatureState(featureSet, state.serialise());
      });
      expect(bitsOf(online) === bitsOf(offline.values)).toBe(true);
    });

    it('has features of a sane size, and nearly all of them', () => {
      const { values } = buildFeatureRows({ featureSet, inputs, windows: YEAR, graceSeconds: GRACE_SECONDS });
      const column = (name: string) => {
        const place = featureSet.names.indexOf(name);
        return [...values].filter((value, cell) => cell % 15 === place && !Number.isNaN(value));
      };
      for (const [name, low, high] of [
        ['return_1bar', -0.2, 0.2],
        ['volatility_24h', 0, 0.05],
        ['rsi_14', 0, 100],
        ['macd_histogram', -0.05, 0.05],
        ['bollinger_b_20', -1, 2],
        ['volume_z_24h', -6, 6],
        ['news_sentiment_24h', -1, 1],
        ['news_count_24h', -6, 4],
        ['fear_greed', 0, 100],
        ['hour_of_week', 0, 167],
      ] as const) {
        const found = column(name);
        expect(found.length, name).toBeGreaterThan(8_000);
        expect(Math.min(...found), name).toBeGreaterThanOrEqual(low);
        expect(Math.max(...found), name).toBeLessThanOrEqual(high);
      }
      expect(column('social_sentiment_24h')).toHaveLength(0);
    });

    it('does not change by a bit when its future is deleted', async () => {
      await assertKnownTime({
        inputs,
        moments: ['2022-05-10T00:01', '2022-09-30T07:59'].map((day) => parseUtc(`${day}:59Z`)),
        produce: (known): Decision[] => {
          const rows = buildFeatureRows({
            featureSet,
            inputs: known,
            windows: YEAR,
            graceSeconds: GRACE_SECONDS,
          });
          return Array.from(rows.windowEnds, (windowEnd, row) => ({
            name: `window ${windowEnd}`,
            asOf: windowEnd + GRACE_SECONDS * SECOND_MS,
            content: bitsOf(rows.values.slice(row * 15, row * 15 + 15)),
          }));
        },
      });
    });
  },
);

/** Enough of the lake's rules to have the year as it was; the sentiment is invented, its values do not matter here. */
function readHistory(): FeatureInput[] {
  const lines = (file: string) =>
    gunzipSync(readFileSync(join(HISTORY, file)))
      .toString()
      .trim()
      .split('\n');
  const candles = lines('candles-1h.csv.gz')
    .slice(1)
    .map((line) => line.split(','))
    .map(([open, , , , close, volume]) =>
      candleAt(parseUtc(open!) + HOUR_MS, { close: Number(close), volume: Number(volume) }),
    );
  const articles = lines('news.jsonl.gz').map((line, place) => {
    const { published_at: published } = JSON.parse(line) as { published_at: string };
    const wholeDay = published.endsWith('T00:00:00Z') ? DAY_MS : 0;
    return articleAt(parseUtc(published) + wholeDay + LAG_MS, ((place * 37) % 201) / 100 - 1, `a${place}`);
  });
  const values = lines('fear-greed.csv.gz')
    .slice(1)
    .map((line) => line.split(','));
  const index = values.map(([date, value]) => fearGreedOf(parseUtc(date!), Number(value)));
  const from = YEAR.after - 40 * DAY_MS;
  return sorted(
    [...candles, ...articles, ...index].filter(({ knownAt }) => knownAt > from && knownAt < YEAR.upTo),
  );
}
