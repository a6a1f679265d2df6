import { labelsOf, type RatedText } from '../rated-texts.ts';

/** -1 negative, 0 neutral, 1 positive. */
export type Side = -1 | 0 | 1;

/** What the rows of a training say. */
export interface Truths {
  side: Int8Array;
  /**
   * 1 where "neutral" was not among the answers: the row tells which side, and nothing of how often there is none.
   */
  sidesOnly: Uint8Array;
}

const SIDE_OF = { negative: -1, neutral: 0, positive: 1 } as const;

/** Reads labels, and scores where there is no label. @throws AppError as `labelsOf` */
export function readTruths(rows: readonly RatedText[]): Truths {
  const side = Int8Array.from(labelsOf('vader', rows), (label) => SIDE_OF[label]);
  const isLabelled = rows.map(({ label }) => label !== undefined);
  const hasNeutral = (labelled: boolean) =>
    side.some((one, row) => one === 0 && isLabelled[row] === labelled);
  const ofLabels = hasNeutral(true);
  const ofScores = hasNeutral(false);
  const sidesOnly = Uint8Array.from(isLabelled, (labelled) => ((labelled ? ofLabels : ofScores) ? 0 : 1));
  return { side, sidesOnly };
}

const HASH_START = 0x811c9dc5;
const HASH_PRIME = 0x01000193;

/**
 * The fold of a text, 0..folds-1: by its letters and digits alone, so that copies of a text lie on one side. Texts of one
 * template with other words or numbers may lie on both: what they differ in is what is learnt here, and a set that is all
 * templates could not be split otherwise.
 */
export function foldOf(text: string, folds: number, seed: number): number {
  let hash = HASH_START ^ seed;
  for (const letter of text
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu)
    ?.join(' ') ?? '') {
    hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), HASH_PRIME);
  }
  return ((hash ^ (hash >>> 15)) >>> 0) % folds;
}
