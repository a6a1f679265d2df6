import { HOUR_MS, type EpochMs, type Random } from '../core/index.ts';
import { normalCdf } from '../stats/index.ts';

/** The hidden mood of the simulated market: it colours the texts of a bar and pushes the bar that follows. */
export type Mood = -1 | 1;

/** Times are UTC; `from` belongs to it, `to` no more. */
export interface Span {
  from: EpochMs;
  to: EpochMs;
}

/** One simulated bar before it becomes a record. */
export interface SimulatedBar {
  openTime: EpochMs;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/** What decides how the simulated market moves. */
export interface MarketOptions {
  random: Random;
  origin: EpochMs;
  barMs: number;
  /** Push of the mood on the next bar, in standard deviations of that bar without its jumps. */
  strength: number;
  /** In these spans the volatility is `SHIFTED_VOLATILITY` times as high. */
  shifts: readonly Span[];
  moodAt: (bar: number) => Mood;
}

/** Mean time from one turn of the mood to the next: long against the four hours over which news is averaged. */
const MEAN_RUN_MS = 48 * HOUR_MS;
/** Bitcoin's hourly returns of the last years have a standard deviation of about half a percent. */
const HOURLY_VOLATILITY = 0.005;
/** Log volatility is an AR(1) with this spread and memory: calm and wild days that follow each other. */
const LOG_VOLATILITY_SPREAD = 0.45;
const VOLATILITY_MEMORY_MS = 36 * HOUR_MS;
const SHIFTED_VOLATILITY = 2.5;
/** One bar in two hundred jumps, by four of its standard deviations, up as often as down. */
const JUMP_PROBABILITY = 0.005;
const JUMP_SIZE = 4;
const START_PRICE = 40_000;
const HOURLY_VOLUME = 250;

/**
 * The hidden mood, bar after bar from the origin; bar -1 stands for the time before it. A symmetric two-state Markov
 * chain, kept, so that any bar can be asked for again.
 */
export function createMoods(random: Random, barMs: number): (bar: number) => Mood {
  // The chain in continuous time turns at a rate of 1/MEAN_RUN_MS; an even number of turns in one bar cancels out.
  const turnProbability = (1 - Math.exp((-2 * barMs) / MEAN_RUN_MS)) / 2;
  const moods: Mood[] = [random.uniform() < 0.5 ? -1 : 1];
  return (bar) => {
    while (moods.length < bar + 2) {
      const last = moods.at(-1) ?? 1;
      moods.push(random.uniform() < turnProbability ? (-last as Mood) : last);
    }
    const mood = moods[bar + 1];
    if (mood === undefined) throw new RangeError(`there is no bar ${bar} in the simulated market`);
    return mood;
  };
}

/**
 * The simulated market: each call gives the next bar. A log return is the bar's volatility times (strength x mood of
 * the bar before + a standard normal + now and then a jump). Volatility has its own dice and never looks at prices, so
 * at strength 0 a rise is exactly as likely as a fall, at any horizon and whatever is known.
 * @see Taylor (1982), Financial returns modelled by the product of two stochastic processes (stochastic volatility);
 *   Merton (1976), Option pricing when underlying stock returns are discontinuous (jumps)
 */
export function createMarket(options: MarketOptions): () => SimulatedBar {
  const { origin, barMs, strength, shifts, moodAt } = options;
  const returns = options.random.fork('returns');
  const volatilities = options.random.fork('volatility');
  const shapes = options.random.fork('shapes');
  const memory = Math.exp(-barMs / VOLATILITY_MEMORY_MS);
  const innovation = LOG_VOLATILITY_SPREAD * Math.sqrt(1 - memory * memory);
  // The mean square of exp(v) is exp(2 x spread^2); taken out, so that the level is the one that is named.
  const level = HOURLY_VOLATILITY * Math.sqrt(barMs / HOUR_MS) * Math.exp(-(LOG_VOLATILITY_SPREAD ** 2));

  let bar = 0;
  let logVolatility = LOG_VOLATILITY_SPREAD * volatilities.normal();
  let logPrice = Math.log(START_PRICE);
  let close = START_PRICE;

  return () => {
    const openTime = origin + bar * barMs;
    const isShifted = shifts.some(({ from, to }) => openTime >= from && openTime < to);
    logVolatility = memory * logVolatility + innovation * volatilities.normal();
    const volatility = level * Math.exp(logVolatility) * (isShifted ? SHIFTED_VOLATILITY : 1);
    const jump = returns.uniform() < JUMP_PROBABILITY ? JUMP_SIZE : 0;
    const move = strength * moodAt(bar - 1) + returns.normal() + jump * returns.normal();
    bar += 1;

    const open = close;
    logPrice += volatility * move;
    close = roundPrice(Math.exp(logPrice));
    const above = Math.max(open, close) * Math.exp(volatility * 0.4 * Math.abs(shapes.normal()));
    const below = Math.min(open, close) * Math.exp(-volatility * 0.4 * Math.abs(shapes.normal()));
    const activity = 0.6 * logVolatility + 0.35 * Math.abs(move) + 0.3 * shapes.normal();
    const volume = HOURLY_VOLUME * (barMs / HOUR_MS) * Math.exp(activity);
    return {
      openTime,
      open,
      close,
      high: Math.max(open, close, roundPrice(above)),
      low: Math.min(open, close, roundPrice(below)),
      volume: Math.max(0.0001, Math.round(volume * 10_000) / 10_000),
    };
  };
}

/**
 * The strength at which somebody who knows the mood is right about the next bar with the given probability.
 * @param accuracy - 0.5 (no push at all) to 0.99
 * @returns strength for `createSimulator`, in standard deviations of a bar
 * @throws RangeError outside 0.5..0.99
 * @example strengthForAccuracy(0.6) // 0.255
 */
export function strengthForAccuracy(accuracy: number): number {
  if (!(accuracy >= 0.5 && accuracy <= 0.99)) {
    throw new RangeError(`an accuracy lies in 0.5..0.99, got ${accuracy}`);
  }
  let low = 0;
  let high = 8;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (accuracyOf(middle) < accuracy) low = middle;
    else high = middle;
  }
  return accuracy === 0.5 ? 0 : high;
}

/** P(the bar moves with the mood): a normal around the strength, wider in the bars that jump. */
function accuracyOf(strength: number): number {
  const jumping = normalCdf(strength / Math.hypot(1, JUMP_SIZE));
  return (1 - JUMP_PROBABILITY) * normalCdf(strength) + JUMP_PROBABILITY * jumping;
}

/** Cents, and below 1,000 finer steps, so that a bar without any move stays as rare when the price has fallen far. */
function roundPrice(price: number): number {
  const decimals = Math.min(12, Math.max(2, 5 - Math.ceil(Math.log10(price))));
  const scale = 10 ** decimals;
  return Math.round(price * scale) / scale;
}
