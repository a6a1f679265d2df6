import { isoUtc, type EpochMs } from '../core/index.ts';
import {
  accuracyInterval,
  directionOf,
  fitDissimilarity,
  scoredRows,
  type AccuracyInterval,
  type AnsweringFit,
  type ComparisonRows,
  type Dissimilarity,
  type FeatureMatrix,
  type TrainingRows,
} from '../models/index.ts';

/** What decides whether a model should rather say nothing of a row. */
export interface AbstentionQuestion {
  /** What the model has seen; null where it was not measured. */
  dissimilarity: Dissimilarity | null;
  /** One row. */
  row: FeatureMatrix | undefined;
  expiresAt: EpochMs;
  /** The moment of the answer. */
  at: EpochMs;
}

/**
 * Why a model should rather give no direction: it is past its expiry, or the input is unlike what it has learnt from.
 * @returns null where it should answer
 * @throws RangeError when the row lacks a column
 */
export function reasonToAbstain({ dissimilarity, row, expiresAt, at }: AbstentionQuestion): string | null {
  if (at > expiresAt) return `model expired at ${isoUtc(expiresAt)}`;
  if (dissimilarity === null || row === undefined) return null;
  const { limit } = dissimilarity;
  const distance = dissimilarity.of(row)[0] ?? NaN;
  if (!(distance > limit)) return null;
  return `input unlike the training data: dissimilarity ${distance.toFixed(2)}, limit ${limit.toFixed(2)}`;
}

/** A fit with the rows that it has learnt from and those that it answered for. */
interface MeasuredFit extends AnsweringFit {
  training: TrainingRows;
  rows: FeatureMatrix;
  seed: number;
}

/** Marks the windows of a fit that are unlike what it has learnt from. @param unlike - shape (rows), written to */
export function markUnlike(
  unlike: Uint8Array,
  { model, training, rows, first, end, seed }: MeasuredFit,
): void {
  const dissimilarity = fitDissimilarity(model, training, { seed });
  if (dissimilarity === null) return;
  const width = rows.columns.length;
  const values = rows.values.subarray(first * width, end * width);
  const distances = dissimilarity.of({ columns: rows.columns, values, count: end - first });
  unlike.set(
    Uint8Array.from(distances, (distance) => (distance > dissimilarity.limit ? 1 : 0)),
    first,
  );
}

/** What abstaining would have done. */
export interface Abstention {
  /** Share of the scored windows on which nothing would have been said; NaN without windows. */
  share: number;
  /** Accuracy on the windows that are answered, and on those that are not, with 95 % intervals. */
  answered: AccuracyInterval;
  abstained: AccuracyInterval;
}

/**
 * Holds the windows that were unlike the training data against the others.
 * @param unlike - 1 = nothing would have been said, shape (windows)
 * @throws RangeError when the shapes differ
 */
export function judgeAbstention(rows: ComparisonRows, unlike: Uint8Array): Abstention {
  const { probabilities, labels } = rows;
  if (unlike.length !== labels.length) {
    throw new RangeError(`${labels.length} windows, but ${unlike.length} marks`);
  }
  const scored = scoredRows(probabilities, labels);
  const accuracyWhere = (mark: number): AccuracyInterval => {
    const hits = new Float64Array(labels.length).fill(NaN);
    for (const row of scored) {
      if (unlike[row] !== mark) continue;
      hits[row] = (directionOf(probabilities[row] ?? NaN) === 'up' ? 1 : 0) === labels[row] ? 1 : 0;
    }
    return accuracyInterval({ ...rows, hits });
  };
  const abstained = accuracyWhere(1);
  return { share: abstained.n / scored.length, answered: accuracyWhere(0), abstained };
}
