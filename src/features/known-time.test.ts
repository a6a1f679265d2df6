import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../core/index.ts';
import { buildFeatureRows } from './build.ts';
import type { FeatureDefinition, FeatureInput } from './definition.ts';
import { FEATURE_DEFINITIONS } from './definitions.ts';
import { createFeatureSet } from './feature-set.ts';
import { GRACE_SECONDS, ORIGIN, troubledHistory } from './inputs.contract.ts';
import { assertKnownTime, bitsOf, type Decision } from './known-time.contract.ts';

const BARS = 240;

describe('known time', () => {
  it('leaves every feature row as it is, bit for bit, when the future is deleted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1_000 }),
        fc.constantFrom(15, 60, 90),
        fc.integer({ min: 0, max: BARS - 2 }),
        async (seed, barMinutes, cutBar) => {
          // Anywhere within a bar, also between a window's decision and the next bar.
          const cut = ORIGIN + cutBar * barMinutes * MINUTE_MS + (seed % (barMinutes * 60)) * SECOND_MS;
          await assertKnownTime({
            inputs: troubledHistory(seed, { bars: BARS, barMinutes }),
            moments: [Math.max(cut, ORIGIN + barMinutes * MINUTE_MS + GRACE_SECONDS * SECOND_MS)],
            produce: (inputs) => rowsOf(inputs, { barMinutes, definitions: FEATURE_DEFINITIONS }),
          });
        },
      ),
      { numRuns: 12 },
    );
  });

  it('catches a planted feature that peeks at the next bar', async () => {
    const test = assertKnownTime({
      inputs: troubledHistory(3, { bars: BARS }),
      moments: [ORIGIN + 100 * HOUR_MS + GRACE_SECONDS * SECOND_MS],
      produce: (inputs) =>
        rowsOf(inputs, { barMinutes: 60, definitions: [...FEATURE_DEFINITIONS, nextClose(inputs)] }),
    });
    await expect(test).rejects.toThrow(/window .* knew something of the time after/);
  });

  it('catches a planted feature that takes an article by the time of its publication', async () => {
    const test = assertKnownTime({
      inputs: troubledHistory(4, { bars: BARS }).map((input) =>
        input.kind === 'article' ? { ...input, eventTime: input.eventTime - 2 * HOUR_MS } : input,
      ),
      moments: [ORIGIN + 60 * HOUR_MS + GRACE_SECONDS * SECOND_MS],
      produce: (inputs) =>
        rowsOf(inputs, { barMinutes: 60, definitions: [...FEATURE_DEFINITIONS, publishedArticles(inputs)] }),
    });
    await expect(test).rejects.toThrow(/knew something/);
  });

  it('refuses a cut that could not catch anything', async () => {
    const inputs = troubledHistory(5, { bars: 10 });
    const produce = () => [];
    await expect(assertKnownTime({ inputs, moments: [Infinity], produce })).rejects.toThrow(/tests nothing/);
  });
});

function rowsOf(
  inputs: readonly FeatureInput[],
  { barMinutes, definitions }: { barMinutes: number; definitions: readonly FeatureDefinition[] },
): Decision[] {
  const featureSet = createFeatureSet({ barMinutes, scorer: 'vader@1.0.0', definitions });
  const windows = { after: ORIGIN, upTo: ORIGIN + BARS * barMinutes * MINUTE_MS };
  const { windowEnds, values } = buildFeatureRows({
    featureSet,
    inputs,
    windows,
    graceSeconds: GRACE_SECONDS,
  });
  const width = definitions.length;
  return Array.from(windowEnds, (windowEnd, row) => ({
    name: `window ${windowEnd}`,
    asOf: windowEnd + GRACE_SECONDS * SECOND_MS,
    content: bitsOf(values.slice(row * width, (row + 1) * width)),
  }));
}

/** A leak as they really happen: the whole table is at hand, and the wrong row of it is read. */
function nextClose(inputs: readonly FeatureInput[]): FeatureDefinition {
  const closes = new Map(
    inputs.flatMap((input) => (input.kind === 'candle' ? [[input.eventTime, input.close]] : [])),
  );
  return planted('next_close', (windowEnd) => closes.get(windowEnd + HOUR_MS) ?? NaN);
}

function publishedArticles(inputs: readonly FeatureInput[]): FeatureDefinition {
  const times = inputs.filter(({ kind }) => kind === 'article').map(({ eventTime }) => eventTime);
  return planted('published_articles', (windowEnd) => times.filter((time) => time <= windowEnd).length);
}

function planted(name: string, read: (windowEnd: number) => number): FeatureDefinition {
  return {
    name,
    version: 1,
    dtype: 'float64',
    unit: 'none',
    lookback: 'the future',
    inputs: ['candle'],
    group: 'price',
    step: null,
    read: (_, { windowEnd }) => read(windowEnd),
  };
}
