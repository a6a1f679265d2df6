import {
  blockRows,
  permutationImportance,
  type AnsweringFit,
  type ColumnImportance,
  type FeatureMatrix,
  type JudgedRows,
  type Model,
  type PermutationImportance,
} from '../models/index.ts';
import type { DirectionStudy } from './direction-study.ts';

/** What a study's models leaned on. */
export interface StudyImportances {
  /** Of the last fit, the largest total gain first; null where the family does not split, or nothing was fitted. */
  splits: ColumnImportance[] | null;
  /**
   * Over all tested windows, each answered by the fit that answered for it, so that none was fitted on what it is asked.
   * Blocks are as long as those of the intervals.
   */
  permutation: PermutationImportance;
}

/** Weighs the columns of a study: what the last fit gained by them, and what all fits would lose without them. */
export function weighColumns({
  answering,
  judged,
}: Pick<DirectionStudy, 'answering' | 'judged'>): StudyImportances {
  const { fits } = answering;
  const { seed } = judged;
  const tested = testedRows(answering);
  return {
    splits: fits.at(-1)?.model.importances?.() ?? null,
    permutation: permutationImportance(answeringTogether(fits), tested, {
      seed,
      blockRows: blockRows(judged),
    }),
  };
}

/** From the first row that a fit answered for to the last. */
function testedRows({ rows, fits }: DirectionStudy['answering']): JudgedRows {
  const [first, end] = [fits[0]?.first ?? 0, fits.at(-1)?.end ?? 0];
  return { ...sliced(rows, first, end), labels: rows.labels.subarray(first, end) };
}

/** Each fit answers for its own rows, counted from those of the first. */
function answeringTogether(fits: readonly AnsweringFit[]): Pick<Model, 'predict'> {
  const start = fits[0]?.first ?? 0;
  return {
    predict(rows) {
      const probabilities = new Float64Array(rows.count);
      for (const { model, first, end } of fits) {
        probabilities.set(model.predict(sliced(rows, first - start, end - start)), first - start);
      }
      return probabilities;
    },
  };
}

function sliced({ columns, values }: FeatureMatrix, first: number, end: number): FeatureMatrix {
  return {
    columns,
    values: values.subarray(first * columns.length, end * columns.length),
    count: end - first,
  };
}
