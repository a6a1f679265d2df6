import type { Session } from './session.ts';
import type { Tokens } from './tokens.ts';

/** How many texts a network may be given at once. */
export interface BatchLimits {
  texts: number;
  tokens: number;
}

/** More at once are hardly faster, and whoever comes meanwhile waits for all of them. */
const MOST: BatchLimits = { texts: 8, tokens: 512 };
const ALONE: BatchLimits = { texts: 1, tokens: 0 };
/** How many go together: nothing that was not tried. */
const SIZES = [8, 4, 2, 1];
/** Odd lengths, so that the rows of a text lie differently in the blocks of a matrix product alone and among others. */
const PROBE_TOKENS = [15, 33];
const PROBE_TEXT =
  'Bitcoin falls as traders fear a ban while miners sell, banks buy gold and nobody knows why the market slept so long, ' +
  'whether the bulls come back this week, or what the court will say about the largest exchange of them all';

/**
 * Finds out whether a text gets the very same numbers among others of its length as by itself, to the last bit. In fp32
 * it does; in int8 the step of a layer's numbers is taken from everything that is run together, so that a text would be
 * scored by its neighbours, too. It depends on the network and on the processor, so it is tried, not assumed.
 * @returns how much may be run at once; one text where that changes anything
 */
export async function findBatchLimits(session: Session, tokens: Tokens): Promise<BatchLimits> {
  for (const length of PROBE_TOKENS) {
    const rows = probeRows(tokens, length);
    if (new Set(rows.map(String)).size < rows.length) return ALONE;
    const alone: Float32Array[] = [];
    for (const size of SIZES.toReversed().slice(1)) {
      for (const row of rows.slice(alone.length, size)) alone.push(await session.run(row));
      const together = await session.runTogether(rows.slice(0, size));
      if (together.some((row, place) => !isSame(row, alone[place]))) return ALONE;
    }
  }
  return MOST;
}

/** The words of one text turned round, so that all rows have one length and no two are the same. */
function probeRows(tokens: Tokens, length: number): number[][] {
  const ids = tokens.encode(PROBE_TEXT);
  const inner = ids.slice(1, length - 1);
  return Array.from({ length: MOST.texts }, (_, turn) => [
    ...ids.slice(0, 1),
    ...inner.slice(turn),
    ...inner.slice(0, turn),
    ...ids.slice(-1),
  ]);
}

function isSame(one: Float32Array, other: Float32Array | undefined): boolean {
  return one.every((value, place) => Object.is(value, other?.[place]));
}

/**
 * Sorts texts into batches that need no padding, of 8, 4, 2 or 1, as far as the limits let them.
 * @param rows - ids of each text
 * @returns places in `rows`, each once; batches of texts of one length, in the order of their first ones
 */
export function batchesOf(rows: readonly (readonly number[])[], { texts, tokens }: BatchLimits): number[][] {
  const places = Map.groupBy(rows.keys(), (place) => rows[place]?.length ?? 0);
  const batches: number[][] = [];
  for (const [length, ofLength] of places) {
    for (let from = 0; from < ofLength.length;) {
      const left = ofLength.length - from;
      const fits = (size: number) => size <= left && size <= texts && size * length <= tokens;
      const size = SIZES.find(fits) ?? 1;
      batches.push(ofLength.slice(from, from + size));
      from += size;
    }
  }
  return batches.sort(([one = 0], [other = 0]) => one - other);
}
