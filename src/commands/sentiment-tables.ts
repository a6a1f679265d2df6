import type {
  Difference,
  SentimentEvaluation,
  SentimentFigures,
  TwoClassFigures,
} from '../sentiment/index.ts';

/** The scorer that every other is held against. */
export const REFERENCE = 'vader@1.0.0';

/** Names as the page shows them: the reference with its version, what a study trained as such. */
export function labelOf(key: string, families: SentimentEvaluation['families']): string {
  const [family = key] = key.split('@');
  if (families[key]?.version === '1.0.0') return `${family}@1.0.0`;
  return family === 'vader' ? 'vader, retrained' : family;
}

/** A set without neutral rows is judged by the larger of the two sides. */
export function isTwoClass({ families }: SentimentEvaluation): boolean {
  return Object.values(families).every(({ perClass }) => perClass?.neutral.support === 0);
}

/** Accuracy and macro-F1 of a scorer with bounds, over two classes where the set has no more. */
type Reading = Omit<TwoClassFigures, 'n'>;

export function readingOf(figures: SentimentFigures, isOfTwo: boolean): Reading {
  if (isOfTwo && figures.twoClass !== null) return figures.twoClass;
  const { accuracy, macroF1, intervals } = figures;
  return {
    accuracy,
    low: intervals.accuracy?.low ?? null,
    high: intervals.accuracy?.high ?? null,
    macroF1,
    macroF1Low: intervals.macroF1?.low ?? null,
    macroF1High: intervals.macroF1?.high ?? null,
  };
}

/** A pair as "later minus earlier", the way that a reader asks: what does the newcomer gain? */
export interface Gain extends Difference {
  newcomer: string;
  than: string;
  /** Of the correlation with scores. */
  pearson: { value: number | null; low: number | null; high: number | null };
}

/** Every pair of an evaluation, turned round, over two classes where the set has no more. */
export function gainsOf(evaluation: SentimentEvaluation): Gain[] {
  const isOfTwo = isTwoClass(evaluation);
  return evaluation.comparisons.map((pair) => ({
    newcomer: labelOf(pair.b, evaluation.families),
    than: labelOf(pair.a, evaluation.families),
    ...turned(isOfTwo && pair.twoClass !== null ? pair.twoClass : pair),
    pearson: {
      value: negated(pair.pearsonDifference),
      low: negated(pair.pearsonHigh),
      high: negated(pair.pearsonLow),
    },
  }));
}

function turned(pair: Difference): Difference {
  return {
    accuracyDifference: negated(pair.accuracyDifference),
    low: negated(pair.high),
    high: negated(pair.low),
    mcnemarP: pair.mcnemarP,
    macroF1Difference: negated(pair.macroF1Difference),
    macroF1Low: negated(pair.macroF1High),
    macroF1High: negated(pair.macroF1Low),
    n: pair.n,
  };
}

const negated = (value: number | null) => (value === null ? null : 0 - value);

/** Lines of a table in Markdown, padded as the formatter of this project pads them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[], filler: string) =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width, filler)).join(' | ')} |`;
  return [line(head, ' '), line([], '-'), ...rows.map((row) => line(row, ' '))];
}

/** `0.7654 (0.7500 to 0.7800)` */
export function within(value: number | null, low: number | null, high: number | null): string {
  if (value === null) return '-';
  return low === null || high === null ? fixed(value) : `${fixed(value)} (${fixed(low)} to ${fixed(high)})`;
}

/** The same with a sign. */
export function gained(value: number | null, low: number | null, high: number | null): string {
  if (value === null) return '-';
  return low === null || high === null
    ? signed(value)
    : `${signed(value)} (${signed(low)} to ${signed(high)})`;
}

export function fixed(value: number | null): string {
  return value === null ? '-' : value.toFixed(4);
}

export function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}

/** A p as it can be read: never 0. */
export function chance(p: number | null): string {
  if (p === null || Number.isNaN(p)) return '-';
  // One less a number next to 1: what is below its last digit is not known.
  if (p === 0) return '< 1e-15';
  return p < 1e-4 ? `< 1e${Math.max(-300, Math.floor(Math.log10(p)) + 1)}` : p.toFixed(4);
}
