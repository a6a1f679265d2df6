import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createRandom, HOUR_MS } from '../core/index.ts';
import { createMarket, createMoods, strengthForAccuracy, type Mood, type SimulatedBar } from './market.ts';

interface Play {
  bars: SimulatedBar[];
  /** ln(close / open) */
  moves: number[];
  moodAt: (bar: number) => Mood;
}

function play(
  seed: number,
  count: number,
  options: { strength?: number; barMs?: number; shiftFrom?: number } = {},
): Play {
  const { strength = 0, barMs = HOUR_MS, shiftFrom = Infinity } = options;
  const random = createRandom(seed);
  const moodAt = createMoods(random.fork('moods'), barMs);
  const shifts = [{ from: shiftFrom, to: Infinity }];
  const nextBar = createMarket({ random, origin: 0, barMs, strength, shifts, moodAt });
  const bars = Array.from({ length: count }, nextBar);
  return { bars, moves: bars.map(({ open, close }) => Math.log(close / open)), moodAt };
}

/** Standard errors between a share and one half. */
function errorsFromHalf(hits: readonly boolean[]): number {
  const share = hits.filter(Boolean).length / hits.length;
  return (share - 0.5) * 2 * Math.sqrt(hits.length);
}

function standardDeviation(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

/** Chance of a miss beyond this is below one in ten thousand for a fair market. */
const WIDE = 4;

describe('the simulated market', () => {
  it('gives the same bars for the same seed, others for another', () => {
    expect(play(5, 200).bars).toEqual(play(5, 200).bars);
    expect(play(6, 200).bars).not.toEqual(play(5, 200).bars);
  });

  it('keeps every candle in order: low, open and close, high, and some volume', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(1, 15, 60, 1440),
        fc.double({ min: 0, max: 2, noNaN: true }),
        (seed, minutes, strength) => {
          const { bars } = play(seed, 50, { strength, barMs: minutes * 60_000 });
          bars.forEach((bar, place) => {
            expect(bar.low).toBeGreaterThan(0);
            expect(bar.low).toBeLessThanOrEqual(Math.min(bar.open, bar.close));
            expect(bar.high).toBeGreaterThanOrEqual(Math.max(bar.open, bar.close));
            expect(bar.volume).toBeGreaterThan(0);
            if (place > 0) expect(bar.open).toBe(bars[place - 1]?.close);
          });
        },
      ),
      { numRuns: 60, seed: 1 },
    );
  });

  it('is as wild as Bitcoin, in hours and in quarters of them', () => {
    expect(standardDeviation(play(1, 20_000).moves)).toBeGreaterThan(0.0045);
    expect(standardDeviation(play(1, 20_000).moves)).toBeLessThan(0.0065);
    expect(standardDeviation(play(1, 20_000, { barMs: HOUR_MS / 4 }).moves) * 2).toBeCloseTo(0.0054, 3);
  });

  it('clusters its volatility and has jumps', () => {
    const { moves } = play(2, 20_000);
    const squares = moves.map((move) => move * move);
    const mean = squares.reduce((sum, square) => sum + square, 0) / squares.length;
    const sizes = moves.map(Math.abs);
    const middle = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    let together = 0;
    let alone = 0;
    sizes.forEach((size, place) => {
      together += (size - middle) * ((sizes[place + 1] ?? middle) - middle);
      alone += (size - middle) ** 2;
    });
    expect(together / alone).toBeGreaterThan(0.1);
    expect(
      squares.reduce((sum, square) => sum + square * square, 0) / squares.length / mean ** 2,
    ).toBeGreaterThan(4);
  });

  it('rarely closes where it opened, also when it has fallen to pennies', () => {
    const { moves } = play(3, 20_000);
    expect(moves.filter((move) => move === 0).length).toBeLessThan(10);
  });

  it('is more volatile while its volatility is shifted', () => {
    const { moves } = play(4, 4_000, { shiftFrom: 2_000 * HOUR_MS });
    const ratio = standardDeviation(moves.slice(2_000)) / standardDeviation(moves.slice(0, 2_000));
    expect(ratio).toBeGreaterThan(1.7);
    expect(ratio).toBeLessThan(3.5);
  });
});

describe('the simulated market without a push', () => {
  const runs = Array.from({ length: 6 }, (_, seed) => play(seed + 1, 10_000));
  const overAll = (question: (run: Play) => boolean[]) => errorsFromHalf(runs.flatMap(question));

  it.each([1, 4, 24])('rises as often as it falls over %i bars', (span) => {
    const errors = overAll(({ bars }) => {
      const closes = bars.map(({ close }) => close).filter((_, place) => place % span === 0);
      return closes.slice(1).map((close, place) => close > (closes[place] ?? NaN));
    });
    expect(Math.abs(errors)).toBeLessThan(WIDE);
  });

  it.each<[string, (run: Play, place: number) => boolean]>([
    ['the bar before', ({ moves }, place) => (moves[place] ?? 0) > 0],
    ['the bar four before', ({ moves }, place) => (moves[place - 3] ?? 0) > 0],
    ['the mood', ({ moodAt }, place) => moodAt(place) > 0],
    ['a large volume', ({ bars }, place) => (bars[place]?.volume ?? 0) > 300],
    ['a wild bar', ({ moves }, place) => Math.abs(moves[place] ?? 0) > 0.005],
    [
      'where the close lies between low and high',
      ({ bars }, place) => {
        const bar = bars[place];
        return bar !== undefined && bar.close - bar.low > bar.high - bar.close;
      },
    ],
    ['the hour', (_, place) => place % 24 < 12],
  ])('moves next in a way that nobody can tell from %s', (_, sees) => {
    const errors = overAll((run) => run.moves.slice(1).map((move, place) => move > 0 === sees(run, place)));
    expect(Math.abs(errors)).toBeLessThan(WIDE);
  });
});

describe('the hidden mood', () => {
  it('lasts one to two days and favours neither side', () => {
    const moodAt = createMoods(createRandom(1), HOUR_MS);
    const moods = Array.from({ length: 100_000 }, (_, bar) => moodAt(bar));
    const turns = moods.filter((mood, bar) => bar > 0 && mood !== moods[bar - 1]).length;
    expect(moods.length / turns).toBeGreaterThan(42);
    expect(moods.length / turns).toBeLessThan(54);
    const good = moods.filter((mood) => mood === 1).length / moods.length;
    expect(Math.abs(good - 0.5)).toBeLessThan(0.06);
  });

  it('is the same in whatever order it is asked for, and has no bar before -1', () => {
    const [forwards, backwards] = [
      createMoods(createRandom(2), HOUR_MS),
      createMoods(createRandom(2), HOUR_MS),
    ];
    const last = backwards(99);
    expect(Array.from({ length: 101 }, (_, bar) => forwards(bar - 1))).toEqual(
      Array.from({ length: 101 }, (_, bar) => backwards(bar - 1)),
    );
    expect(forwards(99)).toBe(last);
    expect(() => forwards(-2)).toThrow(RangeError);
  });
});

describe('the strength for an accuracy', () => {
  it.each([0.52, 0.55, 0.6, 0.7])('makes an oracle right in %d of the bars', (accuracy) => {
    const strength = strengthForAccuracy(accuracy);
    const hits = [1, 2].flatMap((seed) => {
      const { moves, moodAt } = play(seed, 20_000, { strength });
      return moves.map((move, bar) => Math.sign(move) === moodAt(bar - 1));
    });
    const share = hits.filter(Boolean).length / hits.length;
    expect(Math.abs(share - accuracy)).toBeLessThan(WIDE * 0.0025);
  });

  it('is nothing at one half, and grows with the accuracy', () => {
    expect(strengthForAccuracy(0.5)).toBe(0);
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 0.98, noNaN: true }), (accuracy) => {
        expect(strengthForAccuracy(accuracy + 0.01)).toBeGreaterThan(strengthForAccuracy(accuracy));
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('is near the quantile of a standard normal, since jumps are rare', () => {
    // 0.2533 is the 0.6 quantile of the standard normal distribution (any table of it).
    expect(strengthForAccuracy(0.6)).toBeCloseTo(0.2533, 2);
  });

  it.each([0.49, 1, NaN])('refuses %d', (accuracy) => {
    expect(() => strengthForAccuracy(accuracy)).toThrow(RangeError);
  });
});
