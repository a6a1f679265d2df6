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
/** An odd length, so that the rows of a text lie differently in the blocks of a matrix product alone and among others. */
const PROBE_TOKENS = 15;
const PROBE_SIZES = [2, 3, MOST.texts];
const PROBE_TEXT =
  'Bitcoin falls as traders fear a ban while miners sell, banks buy gold and nobody knows why the market slept so long';

/**
 * Finds out whether a text gets the very same numbers among others of its length as by itself, to the last bit. In fp32
 * it does; in int8 the step of a layer's numbers is taken from everything that is run together, so that a text would be
 * scored by its neighbours, too. It depends on the network and on the processor, so it is tried, not assumed.
 * @returns how much may be run at once; one text where that changes anything
 */
export async function findBatchLimits(session: Session, tokens: Tokens): Promise<BatchLimits> {
  const rows = probeRows(tokens);
  if (new Set(rows.map(String)).size < rows.length) return ALONE;
  const alone: Float32Array[] = [];
  for (const size of PROBE_SIZES) {
    for (const row of rows.slice(alone.length, size)) alone.push(await session.run(row));
    const together = await session.runTogether(rows.slice(0, size));
    if (together.some((row, place) => !isSame(row, alone[place]))) return ALONE;
  }
  return MOST;
}

/** The words of one text turned round, so that all rows have one length and no two are the same. */
function probeRows(tokens: Tokens): number[][] {
  const ids = tokens.encode(PROBE_TEXT);
  const inner = ids.slice(1, PROBE_TOKENS - 1);
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
 * Sorts texts into batches that need no padding.
 * @param rows - ids of each text
 * @returns places in `rows`, each once; a batch holds texts of one length and begins with the first that is in none yet
 */
export function batchesOf(rows: readonly (readonly number[])[], { texts, tokens }: BatchLimits): number[][] {
  const batches: number[][] = [];
  const open = new Map<number, number[]>();
  rows.forEach(({ length }, place) => {
    const batch = open.get(length);
    if (batch !== undefined && batch.length < texts && (batch.length + 1) * length <= tokens) {
      batch.push(place);
      return;
    }
    const begun = [place];
    batches.push(begun);
    open.set(length, begun);
  });
  return batches;
}
