import { describe, expect, it } from 'vitest';
import { createPriceMemo } from './price-memo.ts';

const QUESTION = { asset: 'BTC-USD', horizonMinutes: 60, sentiments: said([0.5]) };

function said(...byScorer: (readonly number[])[]): ReadonlyMap<string, readonly number[]> | null {
  return new Map(byScorer.map((sentiments, place) => [`scorer${place}@1.0.0`, sentiments]));
}

function counting() {
  const memo = createPriceMemo<number>();
  let asked = 0;
  const ask = (basis: readonly [object, object], change: Partial<typeof QUESTION> = {}, isWhole = true) =>
    memo.find(basis, { ...QUESTION, ...change }, () => ({ priced: (asked += 1), isWhole }));
  return { ask, basis: [{}, {}] as const };
}

describe('createPriceMemo', () => {
  it('computes a price once while the window and the deployed models are the same', () => {
    const { ask, basis } = counting();
    expect([ask(basis), ask(basis)]).toEqual([1, 1]);
    expect([ask([{}, basis[1]]), ask([basis[0], {}]), ask(basis)]).toEqual([2, 3, 4]);
  });

  it('tells questions apart', () => {
    const { ask, basis } = counting();
    const changes = [
      { asset: 'ETH-USD' },
      { horizonMinutes: 1_440 },
      { sentiments: null },
      // Texts that nobody scored leave out who reads sentiment; no texts leave out nobody.
      { sentiments: said() },
      { sentiments: said([]) },
      { sentiments: said([0.5, 0.5]) },
      { sentiments: said([0.5], [0.5]) },
      { sentiments: said([], [0.5]) },
    ];
    expect(new Set([ask(basis), ...changes.map((change) => ask(basis, change))]).size).toBe(9);
  });

  it('does not remember what a failed arm left out', () => {
    const { ask, basis } = counting();
    expect([ask(basis, {}, false), ask(basis), ask(basis)]).toEqual([1, 2, 2]);
  });

  it('stays bounded', () => {
    const { ask, basis } = counting();
    for (let text = 0; text <= 4_096; text += 1) ask(basis, { sentiments: said([text]) });
    expect(ask(basis, { sentiments: said([0]) })).toBe(4_098);
  });
});
