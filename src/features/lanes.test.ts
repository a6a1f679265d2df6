import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFeatureSet } from './feature-set.ts';
import { createFeatureLanes } from './lanes.ts';

const VADER = 'vader@1.0.0';
const LINEAR = 'linear@1.0.0';
const FINBERT = 'finbert@2.1.0';
const SCORERS = [VADER, LINEAR, FINBERT];
const SENTIMENT = [
  'news_sentiment_4h',
  'news_sentiment_24h',
  'news_dispersion_24h',
  'social_sentiment_24h',
] as const;
const sets = SCORERS.map((scorer) => createFeatureSet({ barMinutes: 60, scorer }));
const lanes = createFeatureLanes(sets);
const WIDTH = sets[0]!.names.length;

describe('createFeatureLanes', () => {
  it('gives the first lane the ordinary columns and every further one its own of sentiment, named by its scorer', () => {
    expect(lanes.names).toHaveLength(15 + 4 + 4);
    expect(lanes.names).toEqual([
      ...sets[0]!.names,
      ...SENTIMENT.map((name) => `${name}[linear@1.0.0]`),
      ...SENTIMENT.map((name) => `${name}[finbert@2.1.0]`),
    ]);
    expect(lanes.columnOf('news_sentiment_4h', VADER)).toBe('news_sentiment_4h');
    expect(lanes.columnOf('news_sentiment_4h', LINEAR)).toBe('news_sentiment_4h[linear@1.0.0]');
    expect(SCORERS.map((scorer) => lanes.laneOf(scorer))).toEqual(sets);
    expect(lanes.laneOf('linear@1.0.1')).toBeUndefined();
  });

  it('hides from a scorer the sentiment of all others, and from none at all of it', () => {
    expect(lanes.hiddenFrom(VADER)).toEqual(
      [LINEAR, FINBERT].flatMap((scorer) => SENTIMENT.map((name) => `${name}[${scorer}]`)),
    );
    expect(lanes.hiddenFrom(LINEAR)).toEqual([
      ...SENTIMENT,
      ...SENTIMENT.map((name) => `${name}[${FINBERT}]`),
    ]);
    const seenByNone = lanes.names.filter((name) => !lanes.hiddenFrom(null).includes(name));
    expect(seenByNone).toHaveLength(11);
    expect(seenByNone.filter((name) => name.includes('sentiment'))).toEqual([]);
  });

  it('tells which columns a scorer fills, by group, under the names that a row has', () => {
    const [news4h, news24h, dispersion, social] = SENTIMENT;
    expect(lanes.scoredBy(VADER)).toEqual({ sentiment: [news4h, news24h, dispersion], social: [social] });
    expect(lanes.scoredBy(LINEAR)).toEqual({
      sentiment: [news4h, news24h, dispersion].map((name) => `${name}[${LINEAR}]`),
      social: [`${social}[${LINEAR}]`],
    });
    for (const scorer of SCORERS) {
      const { sentiment, social: posts } = lanes.scoredBy(scorer);
      const seen = lanes.names.filter((name) => !lanes.hiddenFrom(scorer).includes(name));
      const seenByNone = lanes.names.filter((name) => !lanes.hiddenFrom(null).includes(name));
      expect(seen.filter((name) => ![...sentiment, ...posts].includes(name))).toEqual(seenByNone);
    }
    expect(() => lanes.scoredBy('linear@1.0.1')).toThrow(/no lane of linear@1.0.1/);
  });

  it('with one lane is that lane', () => {
    const alone = createFeatureLanes(sets.slice(0, 1));
    expect(alone.names).toEqual(sets[0]!.names);
    expect(alone.hiddenFrom(VADER)).toEqual([]);
    expect(alone.hiddenFrom(null)).toEqual(SENTIMENT);
    const vector = Float64Array.from({ length: WIDTH }, (_, place) => place / 10);
    expect(alone.widen([vector])).toEqual(vector);
  });

  it('puts every value under its own name, and NaN where a lane said nothing', () => {
    const vectors = sets.map((_, lane) =>
      Float64Array.from({ length: WIDTH }, (_, place) => 100 * lane + place),
    );
    const row = lanes.widen(vectors);
    for (const [lane, set] of sets.entries()) {
      for (const name of SENTIMENT) {
        const place = set.names.indexOf(name);
        expect(row[lanes.names.indexOf(lanes.columnOf(name, set.scorer))]).toBe(100 * lane + place);
      }
    }
    expect(lanes.widen(vectors.slice(0, 2)).slice(-4)).toEqual(new Float64Array(4).fill(NaN));
  });

  it('keeps what one scorer is shown from being moved by what another one says', () => {
    const vector = fc.float64Array({ minLength: WIDTH, maxLength: WIDTH });
    const vectors = fc.tuple(vector, vector, vector);
    fc.assert(
      fc.property(vectors, vectors, fc.integer({ min: 0, max: 2 }), (one, other, own) => {
        // Lanes differ in their scorer alone, so the columns without sentiment are those of the first.
        const price = sets[0]!.names.map((name) => !(SENTIMENT as readonly string[]).includes(name));
        const shared = other.map((each, lane) =>
          lane === own ? one[own]! : each.map((value, place) => (price[place] ? one[0][place]! : value)),
        );
        const seen = (row: Float64Array) => {
          const hidden = lanes.hiddenFrom(SCORERS[own]!);
          return [...row].filter((_, place) => !hidden.includes(lanes.names[place]!));
        };
        if (own !== 0) shared[0] = shared[0]!.map((value, place) => (price[place] ? one[0][place]! : value));
        expect(seen(lanes.widen(shared))).toEqual(seen(lanes.widen(one)));
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it('refuses nothing at all, lanes of different bars, and two of one scorer', () => {
    const hourly = (scorer: string) => createFeatureSet({ barMinutes: 60, scorer });
    expect(() => createFeatureLanes([])).toThrow(/at least one feature set/);
    for (const together of [
      [hourly(VADER), createFeatureSet({ barMinutes: 15, scorer: LINEAR })],
      [hourly(VADER), hourly(VADER)],
      [hourly(VADER), hourly(LINEAR), hourly(LINEAR)],
    ]) {
      expect(() => createFeatureLanes(together)).toThrow(/share a bar and differ in their scorers/);
    }
  });

  it('refuses to name a column that no lane has', () => {
    for (const [name, scorer] of [
      ['news_sentiment_4h', 'linear@1.0.1'],
      ['return_1bar', LINEAR],
      ['return_1bar', VADER],
      ['mood', VADER],
    ] as const) {
      expect(() => lanes.columnOf(name, scorer)).toThrow(RangeError);
    }
  });
});
