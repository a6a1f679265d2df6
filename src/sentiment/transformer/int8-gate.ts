import { PROBE_TEXTS } from './probe-texts.ts';

/**
 * What int8 may change and still stand for the same model. On a set of a few hundred rows accuracy is known to about
 * two points, so a change of fewer labels and a smaller shift of probabilities than that cannot be told from chance.
 */
export const INT8_LIMITS = { leastSameLabels: 0.95, largestMeanShift: 0.02 } as const;

/** Whether the int8 form of a model may stand for its fp32 form, and by how much they differ. */
export interface Int8Verdict {
  passes: boolean;
  /** Share of texts with the same most likely class, 0..1. */
  sameLabels: number;
  /** Mean absolute difference of a probability over texts and classes, 0..1. */
  meanShift: number;
  /** For whoever looks at the model's state: `int8` or `fp32: int8 would …`. */
  note: string;
}

/** Class probabilities of texts, one row a text, in the model's order of classes. */
export type RunModel = (texts: readonly string[]) => Promise<readonly (readonly number[])[]>;

/**
 * Runs both forms of a model over the same texts and decides which one serves.
 * @param forms.probes - `PROBE_TEXTS` where none are given
 */
export async function compareInt8({
  fp32,
  int8,
  probes = PROBE_TEXTS,
}: {
  fp32: RunModel;
  int8: RunModel;
  probes?: readonly string[];
}): Promise<Int8Verdict> {
  return judgeInt8(await fp32(probes), await int8(probes));
}

/**
 * Decides by `INT8_LIMITS`.
 * @param fp32 - probabilities, shape (texts, classes)
 * @param int8 - of the same shape
 * @throws RangeError when the shapes differ or there are no texts
 */
export function judgeInt8(
  fp32: readonly (readonly number[])[],
  int8: readonly (readonly number[])[],
): Int8Verdict {
  if (fp32.length === 0 || fp32.length !== int8.length) {
    throw new RangeError(`${fp32.length} and ${int8.length} rows cannot be compared`);
  }
  let same = 0;
  let shift = 0;
  let numbers = 0;
  for (const [row, exact] of fp32.entries()) {
    const rounded = int8[row] ?? [];
    if (rounded.length !== exact.length) throw new RangeError(`row ${row} has another number of classes`);
    if (likeliest(exact) === likeliest(rounded)) same += 1;
    // A NaN makes the mean NaN, which passes no limit.
    for (const [place, value] of exact.entries()) shift += Math.abs(value - (rounded[place] ?? NaN));
    numbers += exact.length;
  }
  const sameLabels = same / fp32.length;
  const meanShift = shift / numbers;
  const { leastSameLabels, largestMeanShift } = INT8_LIMITS;
  const passes = sameLabels >= leastSameLabels && meanShift <= largestMeanShift;
  const facts = `${(100 * (1 - sameLabels)).toFixed(1)} % of labels and probabilities by ${meanShift.toFixed(4)} on average`;
  return { passes, sameLabels, meanShift, note: passes ? 'int8' : `fp32: int8 would change ${facts}` };
}

function likeliest(probabilities: readonly number[]): number {
  return probabilities.indexOf(Math.max(...probabilities));
}
