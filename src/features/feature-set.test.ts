import { describe, expect, it } from 'vitest';
import { FEATURE_DEFINITIONS } from './definitions.ts';
import { createFeatureSet } from './feature-set.ts';

const scorer = 'vader@1.0.0';

describe('a feature set', () => {
  it('has the fifteen features of v1 in their order', () => {
    expect(createFeatureSet({ barMinutes: 60, scorer }).names).toEqual([
      'return_1bar',
      'return_4h',
      'return_24h',
      'volatility_24h',
      'rsi_14',
      'macd_histogram',
      'bollinger_b_20',
      'volume_z_24h',
      'news_sentiment_4h',
      'news_sentiment_24h',
      'news_count_24h',
      'news_dispersion_24h',
      'social_sentiment_24h',
      'fear_greed',
      'hour_of_week',
    ]);
  });

  it('knows what arms without a scorer leave out', () => {
    expect(createFeatureSet({ barMinutes: 60, scorer }).withoutSentiment).toEqual([
      'news_sentiment_4h',
      'news_sentiment_24h',
      'news_dispersion_24h',
      'social_sentiment_24h',
    ]);
  });

  it('has every feature in one group, and in the group price no more than arms without a scorer read', () => {
    const { names, groups, withoutSentiment } = createFeatureSet({ barMinutes: 60, scorer });
    expect(groups.sentiment).toEqual(['news_sentiment_4h', 'news_sentiment_24h', 'news_dispersion_24h']);
    expect(groups.social).toEqual(['social_sentiment_24h']);
    expect(groups.price).toEqual(names.filter((name) => !withoutSentiment.includes(name)));
    expect(groups.price).toContain('news_count_24h');
    expect(withoutSentiment).toEqual([...groups.sentiment, ...groups.social]);
  });

  it('keeps its version, unless somebody means to change it', () => {
    expect(createFeatureSet({ barMinutes: 60, scorer }).version).toBe('60a87e90d64f');
  });

  it('has another version with another bar, scorer, or version of a definition', () => {
    const changed = FEATURE_DEFINITIONS.map((definition) =>
      definition.name === 'rsi_14' ? { ...definition, version: 2 } : definition,
    );
    const versions = [
      createFeatureSet({ barMinutes: 60, scorer }),
      createFeatureSet({ barMinutes: 15, scorer }),
      createFeatureSet({ barMinutes: 60, scorer: 'vader@1.0.1' }),
      createFeatureSet({ barMinutes: 60, scorer, definitions: changed }),
    ].map(({ version }) => version);
    expect(new Set(versions).size).toBe(4);
  });

  it.each([0, 7, 0.5, -60, NaN, 2_880])('refuses a bar of %s minutes', (barMinutes) => {
    expect(() => createFeatureSet({ barMinutes, scorer })).toThrow(RangeError);
  });

  it('refuses a scorer without a version and a feature that is there twice', () => {
    expect(() => createFeatureSet({ barMinutes: 60, scorer: 'vader' })).toThrow(/family@version/);
    const definitions = [...FEATURE_DEFINITIONS, FEATURE_DEFINITIONS[0]!];
    expect(() => createFeatureSet({ barMinutes: 60, scorer, definitions })).toThrow(
      /return_1bar is defined twice/,
    );
  });
});
