import { sharpeMoments } from './sharpe.ts';

const BASIS_POINT = 1e-4;

/** Costs of a trade in basis points of what changes hands, from free to those of a small private account. */
export const COST_GRID: readonly number[] = [0, 1, 2, 5, 10, 15, 20, 30];

/** Positions on a grid of bars, and what the price did. */
export interface PaperTrades {
  /** Taken at the close of each bar: 1 long, -1 short, 0 out; shape (n). */
  positions: Int8Array;
  /** Log return of the price over the bar that follows, finite, shape (n). */
  barReturns: Float64Array;
  /** Bars that a position is held. */
  horizonBars: number;
  /** Basis points a unit of turnover, from 0; `COST_GRID` where left out. */
  costs?: readonly number[];
}

/** What trading would have brought at one cost. */
export interface PaperResult {
  costBasisPoints: number;
  /** Return of each bar less the cost of getting into it, shape (n); the last bar also pays for getting out. */
  net: Float64Array;
  /** Sum of `net`. */
  total: number;
  /** Of `net`, per bar, not annualised; NaN where it never varies. */
  sharpe: number;
}

/** What trading would have brought. */
export interface PaperBook {
  /** Share of the capital that is long (above 0) or short (below), shape (n), -1..1. */
  exposures: Float64Array;
  /** Capital that changes hands, as a multiple of it: all bars, the way in and the way out included. */
  turnover: number;
  /** In the order of the costs. */
  results: PaperResult[];
}

/**
 * Trades positions on paper. A position is held for h bars, so h of them overlap: 1/h of the capital enters at each bar,
 * and the exposure is the mean of the last h positions (those before the first are 0). Of what one part sells and the
 * next buys, only the difference is traded. A bar brings exposure * log return, and costs |change of exposure| * cost;
 * the book begins and ends without a position. Returns are added up, not compounded, and a short earns minus the log
 * return.
 * @throws RangeError when shapes differ, a position is none of -1, 0, 1, a return is not finite, the horizon is no
 *   positive integer, or a cost is negative
 * @see Jegadeesh, Titman (1993), Returns to Buying Winners and Selling Losers, Journal of Finance 48, for the overlap
 */
export function paperTrade(trades: PaperTrades): PaperBook {
  requireValid(trades);
  const { barReturns, costs = COST_GRID } = trades;
  const exposures = exposuresOf(trades);
  const changes = exposures.map((exposure, bar) => Math.abs(exposure - (exposures[bar - 1] ?? 0)));
  const last = changes.length - 1;
  if (last >= 0) changes[last] = (changes[last] ?? 0) + Math.abs(exposures[last] ?? 0);
  const results = costs.map((costBasisPoints) => {
    const net = exposures.map(
      (exposure, bar) =>
        exposure * (barReturns[bar] ?? NaN) - costBasisPoints * BASIS_POINT * (changes[bar] ?? NaN),
    );
    return { costBasisPoints, net, total: sumOf(net), sharpe: sharpeMoments(net).sharpe };
  });
  return { exposures, turnover: sumOf(changes), results };
}

/**
 * The positions that probabilities stand for: long from 0.5 + margin on, short up to 0.5 - margin, else out. With no
 * margin exactly 0.5 is long, as it is `up` everywhere.
 * @param probabilities - P(up), 0..1, shape (n); NaN, where there is none, is out
 * @param margin - 0 up to 0.5
 * @throws RangeError for another margin
 */
export function positionsOf(probabilities: Float64Array, margin: number): Int8Array {
  if (!(margin >= 0 && margin <= 0.5)) throw new RangeError(`a margin lies in 0..0.5, got ${margin}`);
  return Int8Array.from(probabilities, (probability) => {
    if (probability >= 0.5 + margin) return 1;
    return probability <= 0.5 - margin ? -1 : 0;
  });
}

/**
 * The share of right directions at which trading only just pays: hits bring the mean absolute move and misses lose it,
 * (2a - 1) * move = turnover * cost, so a = 1/2 + turnover * cost / (2 * move). It takes hits and misses to be equally
 * large.
 * @param meanAbsoluteMove - mean of |log return| over the time that a position is held, above 0
 * @param costBasisPoints - a unit of turnover
 * @param turnover - units a position: 2 for in and out again, less where the next position is the same
 * @returns from 0.5; above 1 where no accuracy pays
 * @throws RangeError when the move is not above 0, or cost or turnover is negative
 */
export function breakEvenAccuracy({
  meanAbsoluteMove,
  costBasisPoints,
  turnover = 2,
}: {
  meanAbsoluteMove: number;
  costBasisPoints: number;
  turnover?: number;
}): number {
  if (!(meanAbsoluteMove > 0)) throw new RangeError(`a mean move is above 0, got ${meanAbsoluteMove}`);
  for (const value of [costBasisPoints, turnover]) {
    if (!(value >= 0)) throw new RangeError(`cost and turnover are not negative, got ${value}`);
  }
  return 0.5 + (turnover * costBasisPoints * BASIS_POINT) / (2 * meanAbsoluteMove);
}

function exposuresOf({ positions, horizonBars }: PaperTrades): Float64Array {
  // Whole numbers, so that what is sold again leaves exactly nothing.
  let held = 0;
  return Float64Array.from(positions, (position, bar) => {
    held += position - (positions[bar - horizonBars] ?? 0);
    return held / horizonBars;
  });
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function requireValid({ positions, barReturns, horizonBars, costs = [] }: PaperTrades): void {
  if (positions.length !== barReturns.length) {
    throw new RangeError(`${positions.length} positions, but ${barReturns.length} returns`);
  }
  if (!Number.isInteger(horizonBars) || horizonBars < 1) {
    throw new RangeError(`a position is held a positive whole number of bars, got ${horizonBars}`);
  }
  const position = positions.find((value) => Math.abs(value) > 1);
  if (position !== undefined) throw new RangeError(`a position is -1, 0 or 1, got ${position}`);
  const bar = barReturns.findIndex((value) => !Number.isFinite(value));
  if (bar >= 0) throw new RangeError(`the return after bar ${bar} is ${barReturns[bar]}`);
  const cost = costs.find((value) => !(value >= 0));
  if (cost !== undefined) throw new RangeError(`a cost is not negative, got ${cost}`);
}
