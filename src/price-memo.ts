/** What was said of some sentiments, while nothing else that it depends on changes. */
export interface PriceMemo<Priced> {
  /**
   * @param basis - compared by identity: one of them changes, and all is forgotten
   * @param question - all else that the price depends on
   * @param compute - with `isWhole` false its result is answered and not remembered
   */
  find(
    basis: readonly [present: object, deployed: object],
    question: {
      asset: string;
      horizonMinutes: number;
      sentiments: ReadonlyMap<string, readonly number[]> | null;
    },
    compute: () => { priced: Priced; isWhole: boolean },
  ): Priced;
}

/** VADER has 20,001 sentiments for a single text; those of a window's headlines fit by far. */
const REMEMBERED = 4_096;

/** To step texts through a copy of the state and to ask every arm takes some hundred times as long as to remember it. */
export function createPriceMemo<Priced>(): PriceMemo<Priced> {
  let known: { basis: readonly object[]; prices: Map<string, Priced> } = { basis: [], prices: new Map() };
  return {
    find(basis, { asset, horizonMinutes, sentiments }, compute) {
      if (basis[0] !== known.basis[0] || basis[1] !== known.basis[1]) known = { basis, prices: new Map() };
      const { prices } = known;
      const texts = [...(sentiments ?? [])].map(([scorer, each]) => `${scorer} ${each.join(' ')}`);
      // A window without texts is not one whose texts nobody could score.
      const key = `${asset} ${horizonMinutes} ${sentiments === null ? 'as it is' : texts.join(' ')}`;
      const remembered = prices.get(key);
      if (remembered !== undefined) return remembered;
      const { priced, isWhole } = compute();
      if (isWhole) {
        if (prices.size >= REMEMBERED) prices.clear();
        prices.set(key, priced);
      }
      return priced;
    },
  };
}
