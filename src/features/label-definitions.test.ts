import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../core/index.ts';
import { candleAt, GRACE_SECONDS, ORIGIN } from './inputs.contract.ts';
import { labelBy, type LabelDefinition } from './label-definitions.ts';
import { createCloseSeries, labelAt } from './labels.ts';

const hours = (count: number) => ORIGIN + count * HOUR_MS;
const LATER = hours(5_000);
/** Bars before the window that a barrier's volatility is made of. */
const WEEK = 7 * 24;
const KNOWN_AFTER = 5 * SECOND_MS;

/** Closes by the hour. */
function seriesOf(closes: readonly number[]) {
  const series = createCloseSeries();
  closes.forEach((close, hour) => {
    if (!Number.isNaN(close)) series.add(candleAt(hours(hour), { close }));
  });
  return series;
}

/** A week in which the price steps up and down by a hundredth, then closes that follow the one of the window. */
function afterSteps(following: readonly number[]) {
  const steps = Array.from({ length: WEEK + 1 }, (_, hour) => 100 * Math.exp(hour % 2 === 0 ? 0 : 0.01));
  return seriesOf([...steps, ...following.map((move) => 100 * Math.exp(move))]);
}

const window = {
  windowEnd: hours(WEEK),
  horizonMinutes: 240,
  barMinutes: 60,
  graceSeconds: GRACE_SECONDS,
  asOf: LATER,
};

describe('the label sign', () => {
  it('is labelAt', () => {
    const series = seriesOf([100, 110, 105, 105]);
    for (let hour = 0; hour < 4; hour += 1) {
      const asked = { ...window, windowEnd: hours(hour), horizonMinutes: 60 };
      expect(labelBy({ kind: 'sign' }, series, asked)).toEqual(labelAt(series, asked));
    }
  });
});

describe('the label with a dead zone', () => {
  const label = (move: number, basisPoints = 100) =>
    labelBy({ kind: 'dead-zone', basisPoints }, seriesOf([100, 100 * Math.exp(move)]), {
      ...window,
      windowEnd: hours(0),
      horizonMinutes: 60,
    });

  it('is void within the zone, its border included, and the sign outside', () => {
    expect(label(0.0101)).toMatchObject({ outcome: 'up', knownAt: hours(1) + KNOWN_AFTER });
    expect(label(-0.0101)).toMatchObject({ outcome: 'down' });
    for (const move of [0.0099, -0.0099, 0]) expect(label(move).outcome).toBe('void');
    expect(label(0.0099).futureReturn).toBeCloseTo(0.0099, 12);
    const border = label(0.5);
    expect(label(0.5, 10_000 * border.futureReturn!).outcome).toBe('void');
  });

  it('is the sign where it has no width', () => {
    expect(label(1e-6, 0).outcome).toBe('up');
    expect(label(0, 0).outcome).toBe('void');
  });
});

describe('the label of the triple barrier', () => {
  /** Barriers stand a hundredth times sqrt(4) away. */
  const label = (
    moves: readonly number[],
    changes: Partial<typeof window & { entryDelayMinutes: number }> = {},
  ) => labelBy({ kind: 'triple-barrier', multiple: 1 }, afterSteps(moves), { ...window, ...changes });

  it('is the barrier that a close touched first, known with that close', () => {
    expect(label([0.01, 0.021, -0.05, -0.05])).toEqual({
      outcome: 'up',
      knownAt: hours(WEEK + 2) + KNOWN_AFTER,
      futureReturn: expect.closeTo(0.021, 12) as number,
    });
    expect(label([-0.021, 0.05, 0.05, 0.05])).toMatchObject({
      outcome: 'down',
      knownAt: hours(WEEK + 1) + KNOWN_AFTER,
    });
  });

  it('is the sign at the horizon where neither was touched, and void where that is none', () => {
    const knownAt = hours(WEEK + 4) + KNOWN_AFTER;
    expect(label([0.019, -0.019, 0, 0.001])).toMatchObject({ outcome: 'up', knownAt });
    expect(label([0.019, -0.019, 0, -0.001])).toMatchObject({ outcome: 'down', knownAt });
    expect(label([0.019, -0.019, 0, 0])).toMatchObject({ outcome: 'void', knownAt });
  });

  it('is pending until it can no longer change', () => {
    const at = (asOf: number) => label([0.01, 0.021, -0.05, -0.05], { asOf }).outcome;
    expect(at(hours(WEEK + 2) + KNOWN_AFTER - 1)).toBeNull();
    expect(at(hours(WEEK + 2) + KNOWN_AFTER)).toBe('up');
  });

  it('passes over a close that never came, once that is certain, and is void without one at the end', () => {
    const certain = hours(WEEK + 4) + DAY_MS;
    expect(label([NaN, 0.021, 0, 0])).toMatchObject({ outcome: 'up', knownAt: certain });
    expect(label([0, 0, 0, NaN])).toEqual({ outcome: 'void', knownAt: certain, futureReturn: NaN });
  });

  it('enters one bar later when it is asked to, with the barriers of the window', () => {
    const delayed = { entryDelayMinutes: 60 };
    expect(label([0.01, 0.029, 0.031, 0, 0], delayed)).toMatchObject({
      outcome: 'up',
      knownAt: hours(WEEK + 3) + KNOWN_AFTER,
      futureReturn: expect.closeTo(0.021, 12) as number,
    });
  });

  it('is void, and known at the decision, where the past tells no volatility', () => {
    const young = { ...window, windowEnd: hours(80) };
    const knownAt = young.windowEnd + MINUTE_MS;
    const definition = { kind: 'triple-barrier', multiple: 1 } as const;
    const nothing = { outcome: 'void', knownAt, futureReturn: NaN };
    expect(labelBy(definition, afterSteps([]), young)).toEqual(nothing);
    expect(labelBy(definition, seriesOf(new Array<number>(WEEK + 9).fill(100)), window)).toEqual({
      ...nothing,
      knownAt: window.windowEnd + MINUTE_MS,
    });
  });
});

describe('the label of a large move', () => {
  const MONTH = 30 * 24;
  /** A month of moves of 1 to 10 thousandths, then the one that is asked about. */
  const label = (move: number, quantile: number) => {
    let price = 0;
    const closes = Array.from({ length: MONTH + 1 }, (_, hour) => {
      if (hour > 0) price += ((hour % 2 === 0 ? 1 : -1) * ((hour % 10) + 1)) / 1_000;
      return 100 * Math.exp(price);
    });
    return labelBy({ kind: 'large-move', quantile }, seriesOf([...closes, closes[MONTH]! * Math.exp(move)]), {
      ...window,
      windowEnd: hours(MONTH),
      horizonMinutes: 60,
    });
  };

  it('asks whether a move is larger than so much of the month before, up or down alike', () => {
    expect(label(0.0081, 0.75).outcome).toBe('up');
    expect(label(-0.0081, 0.75).outcome).toBe('up');
    expect(label(0.0079, 0.75).outcome).toBe('down');
    expect(label(0, 0.75)).toMatchObject({ outcome: 'down', knownAt: hours(MONTH + 1) + KNOWN_AFTER });
    expect(label(0.0099, 0.95).outcome).toBe('down');
  });

  it('is true as often as the quantile says, in a market that does not change', () => {
    const random = createRandom(5);
    let price = 0;
    const series = seriesOf(
      Array.from({ length: 4_000 }, () => 100 * Math.exp((price += 0.01 * random.normal()))),
    );
    const outcomes = Array.from(
      { length: 3_000 },
      (_, place) =>
        labelBy({ kind: 'large-move', quantile: 0.8 }, series, {
          ...window,
          windowEnd: hours(MONTH + place),
          horizonMinutes: 60,
        }).outcome,
    );
    expect(outcomes).not.toContain('void');
    expect(Math.abs(outcomes.filter((outcome) => outcome === 'up').length / 3_000 - 0.2)).toBeLessThan(0.03);
  });

  it('is void before it has half a month to be held against', () => {
    const series = seriesOf(Array.from({ length: 800 }, (_, hour) => 100 + Math.sin(hour)));
    const at = (hour: number) =>
      labelBy({ kind: 'large-move', quantile: 0.8 }, series, { ...window, windowEnd: hours(hour) }).outcome;
    expect(at(362)).toBe('void');
    expect(at(364)).not.toBe('void');
  });
});

describe('every label', () => {
  const DEFINITIONS: LabelDefinition[] = [
    { kind: 'sign' },
    { kind: 'dead-zone', basisPoints: 60 },
    { kind: 'triple-barrier', multiple: 0.7 },
    { kind: 'large-move', quantile: 0.6 },
  ];

  const market80 = fc.record({ seed: fc.integer(), after: fc.integer({ min: 0, max: 80 }) });

  it('never changes once it is known, and is the same when the future is deleted', () => {
    const random = createRandom(6);
    fc.assert(
      fc.property(fc.constantFrom(...DEFINITIONS), market80, (definition, { seed, after }) => {
        const market = createRandom(seed);
        let price = 0;
        const candles = Array.from({ length: 800 }, (_, hour) => {
          price += 0.01 * market.normal();
          const late = market.uniform() < 0.05 ? market.integer(40) * HOUR_MS : KNOWN_AFTER;
          return market.uniform() < 0.02
            ? []
            : [candleAt(hours(hour), { close: Math.exp(price), knownAt: hours(hour) + late })];
        }).flat();
        const asOf = hours(740 + after) - 30 * MINUTE_MS;
        const [whole, past] = [createCloseSeries(), createCloseSeries()];
        for (const candle of candles) whole.add(candle);
        for (const candle of candles) if (candle.knownAt <= asOf) past.add(candle);
        for (let hour = 735; hour < 760; hour += 1) {
          const entryDelayMinutes = 60 * random.integer(2);
          const asked = { ...window, windowEnd: hours(hour), entryDelayMinutes };
          const then = labelBy(definition, whole, { ...asked, asOf });
          expect(labelBy(definition, past, { ...asked, asOf })).toEqual(then);
          const later = labelBy(definition, whole, asked);
          if (then.outcome === null) expect(later.knownAt).toBeGreaterThan(asOf);
          else expect(later).toEqual(then);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('refuses numbers that it cannot mean, and a horizon between two bars', () => {
    const asking =
      (definition: LabelDefinition, changes: Partial<typeof window> = {}) =>
      () =>
        labelBy(definition, seriesOf([100]), { ...window, ...changes });
    expect(asking({ kind: 'dead-zone', basisPoints: -1 })).toThrow('got -1');
    expect(asking({ kind: 'triple-barrier', multiple: 0 })).toThrow('got 0');
    expect(asking({ kind: 'large-move', quantile: 1 })).toThrow('got 1');
    expect(asking({ kind: 'sign' }, { horizonMinutes: 90 })).toThrow('no multiple of bars of 60 min');
    expect(asking({ kind: 'sign' }, { horizonMinutes: 0 })).toThrow(RangeError);
  });
});
