import { accuracyInterval, directionOf, type ComparisonRows, type DirectionRows } from '../models/index.ts';
import { quantile } from '../stats/index.ts';

/** Accuracy in a part of the tested windows. */
export interface Regime {
  /** What parts the windows, and which part this is. */
  kind: 'year' | 'volatility' | 'trend';
  name: string;
  accuracy: number;
  /** 95 % interval by block bootstrap; NaN where there are too few windows. */
  low: number;
  high: number;
  n: number;
  /** Accuracy of the benchmark on the same windows. */
  benchmark: number;
}

/**
 * Accuracy by calendar year, by thirds of the day's volatility, and by the direction of the day before. The thirds are
 * those of the tested windows themselves: a look back, not a rule that could have been followed.
 * @param benchmark - P(up) of what it is held against
 */
export function judgeRegimes(rows: DirectionRows, judged: ComparisonRows, benchmark: Float64Array): Regime[] {
  const tested = Array.from(judged.probabilities.keys()).filter(
    (row) => !Number.isNaN(judged.probabilities[row]) && (judged.labels[row] ?? NaN) <= 1,
  );
  const years = new Map<string, number[]>();
  for (const row of tested) {
    const year = String(new Date(judged.windowEnds[row] ?? NaN).getUTCFullYear());
    years.set(year, [...(years.get(year) ?? []), row]);
  }
  const volatility = readColumn(rows, 'volatility_24h');
  const known = Float64Array.from(tested.map(volatility).filter((value) => !Number.isNaN(value))).sort();
  const [low, high] = [quantile(known, 1 / 3), quantile(known, 2 / 3)];
  const trend = readColumn(rows, 'return_24h');
  const parts: [Regime['kind'], string, (row: number) => boolean][] = [
    ['volatility', 'calm third', (row) => volatility(row) < low],
    ['volatility', 'middle third', (row) => volatility(row) >= low && volatility(row) < high],
    ['volatility', 'wild third', (row) => volatility(row) >= high],
    ['trend', 'after a day of gains', (row) => trend(row) > 0],
    ['trend', 'after a day of losses', (row) => trend(row) < 0],
  ];
  const judge = (kind: Regime['kind'], name: string, members: readonly number[]): Regime => ({
    kind,
    name,
    ...accuracyOf(judged, members),
    benchmark: accuracyOf({ ...judged, probabilities: benchmark }, members).accuracy,
  });
  return [
    ...[...years].map(([year, members]) => judge('year', year, members)),
    ...parts.map(([kind, name, isMember]) => judge(kind, name, tested.filter(isMember))),
  ];
}

function accuracyOf(judged: ComparisonRows, members: readonly number[]) {
  const hits = new Float64Array(judged.labels.length).fill(NaN);
  for (const row of members) {
    const probability = judged.probabilities[row] ?? NaN;
    if (Number.isNaN(probability)) continue;
    hits[row] = (directionOf(probability) === 'up' ? 1 : 0) === judged.labels[row] ? 1 : 0;
  }
  return accuracyInterval({ ...judged, hits });
}

function readColumn({ columns, values }: DirectionRows, name: string): (row: number) => number {
  const place = columns.indexOf(name);
  return (row) => (place < 0 ? NaN : (values[row * columns.length + place] ?? NaN));
}
