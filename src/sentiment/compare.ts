import { createRandom } from '../core/index.ts';
import { countClusters, mcnemar, quantile, resampleClusters } from '../stats/index.ts';
import {
  accuracyIn,
  weightedCalibrationError,
  confusionOf,
  countCells,
  discordanceOf,
  macroF1In,
  weightedPearson,
  totalOf,
  twoClassConfusionOf,
  type Agreement,
} from './compare-columns.ts';

/** Bounds between which a figure lies with 95 % confidence. */
export interface Interval {
  low: number;
  high: number;
}

/** Every figure of a scorer; null where the data cannot say. */
export interface Figures {
  accuracy: number | null;
  macroF1: number | null;
  ece: number | null;
  pearson: number | null;
  /** Over rows labelled positive or negative, by the larger of the two probabilities. */
  twoClassAccuracy: number | null;
  twoClassMacroF1: number | null;
}

/** 95 % intervals of the figures; null where there is no figure or there are too few independent texts. */
export type FigureIntervals = Record<keyof Figures, Interval | null>;

/** One scorer beside another on the same rows; every difference is the first minus the second. */
export interface Difference {
  accuracyDifference: number | null;
  low: number | null;
  high: number | null;
  /** Exact, two-sided; takes rows for independent. */
  mcnemarP: number | null;
  macroF1Difference: number | null;
  macroF1Low: number | null;
  macroF1High: number | null;
  /** Labelled rows. */
  n: number;
}

/** Two scorers by name, over all labels, over the two sides alone, and by their correlation with scores. */
export interface Comparison extends Difference {
  a: string;
  b: string;
  pearsonDifference: number | null;
  pearsonLow: number | null;
  pearsonHigh: number | null;
  twoClass: Difference | null;
}

/** How well scorers agree with people, each and in pairs. */
export interface Compared {
  figures: Figures;
  intervals: FigureIntervals;
}

export const RESAMPLES = 1_000;
const LEVEL = 0.95;
/** Fewer independent texts than this give no interval: their resamples repeat each other. */
const FEWEST_CLUSTERS = 8;
const FIGURES = ['accuracy', 'macroF1', 'ece', 'pearson', 'twoClassAccuracy', 'twoClassMacroF1'] as const;

/** Figures of every resample, NaN where one cannot say; shape (resamples) each. */
type Draws = Record<keyof Figures, Float64Array>;

/** A scorer beside people, with what resampling made of it. */
export interface Measured extends Compared {
  readonly name: string;
  readonly agreement: Agreement;
  readonly draws: Draws;
}

/**
 * Measures scorers on the same rows. All are resampled together, so their differences are paired; near-duplicates are
 * drawn together, because they are no independent evidence. Intervals are percentiles; that of the calibration error is
 * the basic one (mirrored at the figure, at least 0), because resampling makes that error larger.
 * @param scorers - agreements over the same rows, shape (n) each
 * @param options.clusters - group of near-duplicates of each row, shape (n)
 * @throws RangeError when the shapes differ
 */
export function measure(
  scorers: readonly { name: string; agreement: Agreement }[],
  { clusters, seed, resamples = RESAMPLES }: { clusters: Uint32Array; seed: number; resamples?: number },
): Measured[] {
  for (const { agreement } of scorers) {
    if (agreement.n === clusters.length) continue;
    throw new RangeError(`there are ${clusters.length} rows and ${agreement.n} answers`);
  }
  const once = new Uint32Array(clusters.length).fill(1);
  const draws = scorers.map(() => emptyDraws(resamples));
  const { uniform } = createRandom(seed);
  if (countClusters(clusters) >= FEWEST_CLUSTERS) {
    resampleClusters({ clusters, resamples, uniform }, (weights, resample) => {
      for (const [place, { agreement }] of scorers.entries()) {
        const figures = weigh(agreement, weights);
        for (const name of FIGURES) setDraw(draws[place]?.[name], resample, figures[name]);
      }
    });
  }
  return scorers.map((scorer, place) => {
    const figures = weigh(scorer.agreement, once);
    const drawn = draws[place] ?? emptyDraws(0);
    return { ...scorer, draws: drawn, figures, intervals: intervalsOf(figures, drawn) };
  });
}

/**
 * Compares two scorers that were measured together.
 * @returns the first minus the second, with paired intervals
 */
export function compareMeasured(first: Measured, second: Measured): Comparison {
  const once = new Uint32Array(first.agreement.n).fill(1);
  const counts = countCells(first.agreement, once);
  const twoClassRows = totalOf(twoClassConfusionOf(counts));
  const pearson = differenceOf(first, second, 'pearson');
  return {
    a: first.name,
    b: second.name,
    ...labelDifference(first, second, { isTwoClass: false, n: totalOf(confusionOf(counts)) }),
    pearsonDifference: pearson.value,
    pearsonLow: pearson.low,
    pearsonHigh: pearson.high,
    twoClass:
      twoClassRows === 0 ? null : labelDifference(first, second, { isTwoClass: true, n: twoClassRows }),
  };
}

/** Every pair once, in the order given. */
export function comparePairs(measured: readonly Measured[]): Comparison[] {
  return measured.flatMap((first, place) =>
    measured.slice(place + 1).map((second) => compareMeasured(first, second)),
  );
}

function labelDifference(
  first: Measured,
  second: Measured,
  { isTwoClass, n }: { isTwoClass: boolean; n: number },
): Difference {
  const accuracy = differenceOf(first, second, isTwoClass ? 'twoClassAccuracy' : 'accuracy');
  const macroF1 = differenceOf(first, second, isTwoClass ? 'twoClassMacroF1' : 'macroF1');
  const { onlyFirst, onlySecond } = discordanceOf(first.agreement, second.agreement, isTwoClass);
  return {
    accuracyDifference: accuracy.value,
    low: accuracy.low,
    high: accuracy.high,
    mcnemarP: n === 0 ? null : mcnemar(onlyFirst, onlySecond),
    macroF1Difference: macroF1.value,
    macroF1Low: macroF1.low,
    macroF1High: macroF1.high,
    n,
  };
}

function differenceOf(
  first: Measured,
  second: Measured,
  name: keyof Figures,
): { value: number | null; low: number | null; high: number | null } {
  const [left, right] = [first.figures[name], second.figures[name]];
  if (left === null || right === null) return { value: null, low: null, high: null };
  const drawn = first.draws[name].map((value, resample) => value - (second.draws[name][resample] ?? NaN));
  const interval = percentilesOf(drawn);
  return { value: left - right, low: interval?.low ?? null, high: interval?.high ?? null };
}

function weigh(agreement: Agreement, weights: Uint32Array): Figures {
  const isLabelled = agreement.labelled > 0;
  const counts = isLabelled ? countCells(agreement, weights) : null;
  const confusion = counts === null ? null : confusionOf(counts);
  const twoClass = counts === null ? null : twoClassConfusionOf(counts);
  return {
    accuracy: confusion && known(accuracyIn(confusion)),
    macroF1: confusion && known(macroF1In(confusion)),
    ece: isLabelled ? known(weightedCalibrationError(agreement, weights)) : null,
    pearson: agreement.scored > 0 ? known(weightedPearson(agreement, weights)) : null,
    twoClassAccuracy: twoClass && known(accuracyIn(twoClass)),
    twoClassMacroF1: twoClass && known(macroF1In(twoClass, true)),
  };
}

const known = (figure: number): number | null => (Number.isNaN(figure) ? null : figure);

function intervalsOf(figures: Figures, draws: Draws): FigureIntervals {
  const intervalOf = (name: keyof Figures) => (figures[name] === null ? null : percentilesOf(draws[name]));
  const { ece } = figures;
  const drawn = intervalOf('ece');
  return {
    accuracy: intervalOf('accuracy'),
    macroF1: intervalOf('macroF1'),
    ece:
      ece === null || drawn === null
        ? null
        : { low: Math.max(0, 2 * ece - drawn.high), high: Math.max(0, 2 * ece - drawn.low) },
    pearson: intervalOf('pearson'),
    twoClassAccuracy: intervalOf('twoClassAccuracy'),
    twoClassMacroF1: intervalOf('twoClassMacroF1'),
  };
}

/** Null where nothing was drawn. */
function percentilesOf(drawn: Float64Array): Interval | null {
  const values = drawn.filter((value) => !Number.isNaN(value));
  if (values.length === 0) return null;
  return { low: quantile(values, (1 - LEVEL) / 2), high: quantile(values, (1 + LEVEL) / 2) };
}

function emptyDraws(resamples: number): Draws {
  const empty = () => new Float64Array(resamples).fill(NaN);
  return {
    accuracy: empty(),
    macroF1: empty(),
    ece: empty(),
    pearson: empty(),
    twoClassAccuracy: empty(),
    twoClassMacroF1: empty(),
  };
}

function setDraw(column: Float64Array | undefined, resample: number, figure: number | null): void {
  if (column !== undefined && figure !== null) column[resample] = figure;
}
