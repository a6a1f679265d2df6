import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../core/index.ts';
import type { FeatureInput } from './definition.ts';
import { createFeatureSet } from './feature-set.ts';
import {
  articleAt,
  candleAt,
  fearGreedOf,
  GRACE_SECONDS,
  ORIGIN,
  sorted,
  troubledHistory,
} from './inputs.contract.ts';
import { bitsOf } from './known-time.contract.ts';
import { createFeatureState, deserialiseFeatureState, type FeatureState } from './state.ts';

const featureSet = createFeatureSet({ barMinutes: 60, scorer: 'vader@1.0.0' });
const GRACE_MS = GRACE_SECONDS * SECOND_MS;
const T = ORIGIN + 48 * HOUR_MS;
const asOf = T + GRACE_MS;

function folded(inputs: readonly FeatureInput[], set = featureSet): FeatureState {
  const state = createFeatureState(set);
  for (const input of inputs) state.apply(input, Infinity);
  return state;
}

function readBits(state: FeatureState, windowEnd: number, at: number): string {
  const out = new Float64Array(15);
  const degraded = state.read({ windowEnd, asOf: at }, out);
  return `${bitsOf(out)} ${degraded}`;
}

describe('a feature state', () => {
  it('comes back from its JSON bit for bit, at any moment and for any bar', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000 }),
        fc.constantFrom(1, 15, 60, 1_440),
        fc.double({ min: 0, max: 1, maxExcluded: true }),
        (seed, barMinutes, share) => {
          const set = createFeatureSet({ barMinutes, scorer: 'vader@1.0.0' });
          const inputs = troubledHistory(seed, { bars: 120, barMinutes });
          const cut = Math.floor(share * inputs.length);
          const kept = folded(inputs.slice(0, cut), set);
          const loaded = deserialiseFeatureState(set, kept.serialise());
          expect(loaded.serialise()).toBe(kept.serialise());
          const end = ORIGIN + 200 * barMinutes * MINUTE_MS;
          for (const input of inputs.slice(cut, cut + 60)) {
            expect(loaded.apply(input, Infinity)).toBe(kept.apply(input, Infinity));
            const windowEnd = Math.floor(input.knownAt / (barMinutes * MINUTE_MS)) * barMinutes * MINUTE_MS;
            expect(readBits(loaded, windowEnd, input.knownAt)).toBe(readBits(kept, windowEnd, input.knownAt));
          }
          const late = end + 40 * 24 * HOUR_MS;
          expect(readBits(loaded, Math.floor(late / end) * end, late)).toBe(
            readBits(kept, Math.floor(late / end) * end, late),
          );
          expect(loaded.serialise()).toBe(kept.serialise());
        },
      ),
      { numRuns: 10 },
    );
  });

  it('does not depend on the order of arrival within a window', () => {
    const inputs = troubledHistory(8, { bars: 100 });
    const reference = folded(inputs).serialise();
    const shuffled = [...inputs].sort((left, right) => (left.id < right.id ? 1 : -1));
    expect(folded(sorted(shuffled)).serialise()).toBe(reference);
  });

  it('does not change by being read', () => {
    const state = folded(troubledHistory(2, { bars: 47 }).filter(({ knownAt }) => knownAt <= asOf));
    const before = state.serialise();
    readBits(state, T, asOf);
    expect(state.serialise()).toBe(before);
  });

  it('does not grow with history', () => {
    const size = (bars: number) => folded(troubledHistory(1, { bars })).serialise().length;
    expect(size(2_000)).toBeLessThan(1.2 * size(1_000));
  });

  it('steps one more article through a copy and stays as it was', () => {
    const state = folded([articleAt(T, 0.2)]);
    const before = state.serialise();
    const copy = state.copy();
    copy.apply(articleAt(asOf, 0.8), asOf);
    const out = new Float64Array(15);
    copy.read({ windowEnd: T, asOf }, out);
    expect(out[featureSet.names.indexOf('news_sentiment_4h')]).toBe(0.5);
    expect(state.serialise()).toBe(before);
  });

  it('says when the own bar is missing', () => {
    const state = folded([candleAt(T)]);
    const out = new Float64Array(15);
    expect(state.read({ windowEnd: T, asOf }, out)).toBe(false);
    expect(state.read({ windowEnd: T + HOUR_MS, asOf: asOf + HOUR_MS }, out)).toBe(true);
  });

  it('reports and counts a further version of a bar', () => {
    const state = createFeatureState(featureSet);
    expect(state.apply(candleAt(T), asOf)).toBe('folded');
    const second = candleAt(T, { id: 'second', source: 'z', close: 1 });
    expect(state.apply(second, asOf)).toBe('revision');
    expect(state.revisions()).toBe(1);
  });

  it('never holds a negative zero, which JSON would lose', () => {
    const state = folded([articleAt(T, -0)]);
    const out = new Float64Array(15);
    state.read({ windowEnd: T, asOf }, out);
    expect(out[featureSet.names.indexOf('news_sentiment_4h')]).toBe(0);
  });

  it('refuses an input that is not known yet, comes twice or comes back', () => {
    const state = createFeatureState(featureSet);
    expect(() => state.apply(articleAt(asOf + 1, 0), asOf)).toThrow(/was not known at 2022-03-02T00:01:00Z/);
    state.apply(articleAt(asOf, 0), asOf);
    expect(() => state.apply(articleAt(asOf, 0), asOf)).toThrow(/each once/);
    expect(() => state.apply(articleAt(asOf - 1, 0), asOf)).toThrow(/in order/);
  });

  it('refuses to be read for a moment that knew less', () => {
    const state = folded([candleAt(T)]);
    const out = new Float64Array(15);
    expect(() => state.read({ windowEnd: T, asOf: T }, out)).toThrow(/which nobody knew/);
  });

  it('refuses windows off the grid, decisions before the window, and a vector of another length', () => {
    const state = createFeatureState(featureSet);
    const out = new Float64Array(15);
    expect(() => state.read({ windowEnd: T + MINUTE_MS, asOf: T + HOUR_MS }, out)).toThrow(/grid of 60/);
    expect(() => state.read({ windowEnd: T, asOf: T - 1 }, out)).toThrow(RangeError);
    expect(() => state.read({ windowEnd: T, asOf }, new Float64Array(14))).toThrow(/15 features/);
  });

  it.each([
    ['a price of nothing', candleAt(T, { close: 0 })],
    ['a price that is none', candleAt(T, { close: NaN })],
    ['a negative volume', candleAt(T, { volume: -1 })],
    ['a bar off the grid', candleAt(T + 1)],
    ['a sentiment beyond 1', articleAt(T, 1.01)],
    ['a sentiment that is none', articleAt(T, NaN)],
    ['an endless index', fearGreedOf(T, Infinity)],
    ['an input without a time', articleAt(NaN, 0)],
  ])('refuses %s', (_, input) => {
    const state = createFeatureState(featureSet);
    expect(() => state.apply(input, Infinity)).toThrow(RangeError);
    expect(state.serialise()).toBe(createFeatureState(featureSet).serialise());
  });

  it.each([
    ['no JSON', () => 'oops'],
    ['the state of another feature set', () => createFeatureState(other(15)).serialise()],
    ['too few bars', () => cut(createFeatureState(featureSet).serialise())],
    ['a missing part', () => '{"featureSet":"x"}'],
  ])('refuses to load %s', (_, text) => {
    expect(() => deserialiseFeatureState(featureSet, text())).toThrow(
      expect.objectContaining({ code: 'FEATURES_STATE_INVALID' }) as Error,
    );
  });
});

function other(barMinutes: number) {
  return createFeatureSet({ barMinutes, scorer: 'vader@1.0.0' });
}

function cut(text: string): string {
  const state = JSON.parse(text) as { bars: { closes: unknown[] } };
  state.bars.closes.pop();
  return JSON.stringify(state);
}
