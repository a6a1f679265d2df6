import type { ColumnImportance } from '../model.ts';
import type { Forest } from './forest.ts';

/**
 * How much the trees lean on each column. The figures are those of XGBoost's `get_score`: weight, gain, total_gain,
 * cover, total_cover.
 * @returns the columns on which something splits, the largest total gain first
 * @see https://xgboost.readthedocs.io/en/stable/python/python_api.html (Booster.get_score)
 */
export function importancesOf({ columns: names, trees }: Forest): ColumnImportance[] {
  const sums = names.map(() => ({ weight: 0, totalGain: 0, totalCover: 0 }));
  for (const { columns, gains, hessians } of trees) {
    columns.forEach((column, node) => {
      const sum = sums[column];
      if (sum === undefined) return;
      sum.weight += 1;
      sum.totalGain += gains[node] as number;
      sum.totalCover += hessians[node] as number;
    });
  }
  return names
    .map((column, place) => {
      const { weight, totalGain, totalCover } = sums[place] ?? { weight: 0, totalGain: 0, totalCover: 0 };
      return { column, weight, gain: totalGain / weight, totalGain, cover: totalCover / weight, totalCover };
    })
    .filter(({ weight }) => weight > 0)
    .sort((left, right) => right.totalGain - left.totalGain);
}
