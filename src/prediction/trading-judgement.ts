import type { DirectionRows } from '../models/index.ts';
import { breakEvenAccuracy, COST_GRID, paperTrade, positionsOf } from '../stats/index.ts';

const YEAR_MINUTES = 365.25 * 1_440;

/** What trading the directions would have brought, at one cost. */
export interface TradedAtCost {
  costBasisPoints: number;
  /** Sum of log returns after costs. */
  total: number;
  /** Per bar, times the square root of bars a year; NaN where nothing varies. */
  annualSharpe: number;
  /** Running sum of the net returns at each of `places`. */
  equity: number[];
  /** Accuracy at which a position just pays for getting in and out, if hits and misses move the price alike. */
  breakEven: number;
}

/** The book that follows every direction. */
export interface TradingJudgement {
  costs: TradedAtCost[];
  /** Ends of the windows at which the equity is told, epoch ms. */
  places: number[];
  /** Always long, without costs, at the same places; windows without a truth count as no move. */
  holding: number[];
  /** Capital that changes hands a year, as a multiple of it. */
  turnoverPerYear: number;
  /** Mean |log return| over the horizon. */
  meanAbsoluteMove: number;
}

/** Points of a curve that are told. */
const POINTS = 400;

/** The log return over the bar after each row's: the next row's `return_1bar`, 0 where a bar is missing. Shape (count). */
export function nextReturns({ columns, values, count }: DirectionRows): Float64Array {
  const place = columns.indexOf('return_1bar');
  if (place < 0) throw new RangeError('trading on paper needs the column return_1bar');
  return Float64Array.from({ length: count }, (_, row) => {
    const value = values[(row + 1) * columns.length + place] ?? NaN;
    return Number.isFinite(value) ? value : 0;
  });
}

/**
 * Trades each direction from its window's close to the horizon, for the tested windows, over a grid of costs. Windows
 * without a truth are not traded, so that nothing of a hold-out is told.
 */
export function judgeTrading({
  rows,
  probabilities,
  barMinutes,
  horizonMinutes,
}: {
  rows: DirectionRows;
  probabilities: Float64Array;
  barMinutes: number;
  horizonMinutes: number;
}): TradingJudgement {
  const first = Math.max(
    0,
    probabilities.findIndex((probability) => !Number.isNaN(probability)),
  );
  const end = probabilities.findLastIndex((probability) => !Number.isNaN(probability)) + 1;
  const barReturns = nextReturns(rows).subarray(first, end);
  const known = probabilities.map((probability, row) => ((rows.labels[row] ?? NaN) <= 1 ? probability : NaN));
  const positions = positionsOf(known.subarray(first, end), 0);
  const horizonBars = Math.max(1, Math.round(horizonMinutes / barMinutes));
  const { results, turnover } = paperTrade({ positions, barReturns, horizonBars, costs: COST_GRID });
  const step = Math.max(1, Math.ceil((end - first) / POINTS));
  const told = Array.from(
    { length: Math.ceil((end - first) / step) },
    (_, place) => Math.min((place + 1) * step, end - first) - 1,
  );
  const moves = rows.futureReturns.subarray(first, end).filter((move) => Number.isFinite(move));
  const meanAbsoluteMove = moves.reduce((sum, move) => sum + Math.abs(move), 0) / moves.length;
  const barsPerYear = YEAR_MINUTES / barMinutes;
  return {
    places: told.map((row) => rows.windowEnds[first + row] ?? NaN),
    holding: runningSum(
      barReturns.map((move, row) => ((rows.labels[first + row] ?? NaN) <= 1 ? move : 0)),
      told,
    ),
    turnoverPerYear: (turnover / (end - first)) * barsPerYear,
    meanAbsoluteMove,
    costs: results.map(({ costBasisPoints, net, total, sharpe }) => ({
      costBasisPoints,
      total,
      annualSharpe: sharpe * Math.sqrt(barsPerYear),
      equity: runningSum(net, told),
      breakEven: meanAbsoluteMove > 0 ? breakEvenAccuracy({ meanAbsoluteMove, costBasisPoints }) : NaN,
    })),
  };
}

function runningSum(values: Float64Array, places: readonly number[]): number[] {
  let sum = 0;
  let row = 0;
  return places.map((place) => {
    for (; row <= place; row += 1) sum += values[row] ?? 0;
    return sum;
  });
}
