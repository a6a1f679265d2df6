import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../core/index.ts';
import { PAST_RETURN, VOID_LABEL } from '../models/index.ts';
import { createRowHistory } from './row-history.ts';
import type { SettledOutcome } from './truth.ts';

const HORIZONS = [60, 1_440];

describe('createRowHistory', () => {
  it('keeps the features of a window, and per horizon its past return', () => {
    const history = emptyHistory();
    history.append({ windowEnd: HOUR_MS, values: Float64Array.of(1, NaN), pastReturns: [0.1, 0.2] });
    const hour = history.rowsAt(60);
    expect(hour.columns).toEqual(['a', 'b', PAST_RETURN]);
    expect([...hour.values]).toEqual([1, NaN, 0.1]);
    expect([...history.rowsAt(1_440).values]).toEqual([1, NaN, 0.2]);
    expect([...hour.windowEnds]).toEqual([HOUR_MS]);
  });

  it('has no truth for a window until it learns one', () => {
    const history = emptyHistory();
    history.append(rowAt(1));
    expect([...history.rowsAt(60).labels]).toEqual([VOID_LABEL]);
    expect([...history.rowsAt(60).labelKnownAt]).toEqual([NaN]);
    history.learn({ ...truthAt(1), outcome: 'up', knownAt: 7, futureReturn: 0.5 });
    expect([...history.rowsAt(60).labels]).toEqual([1]);
    expect([...history.rowsAt(60).labelKnownAt]).toEqual([7]);
    expect([...history.rowsAt(60).futureReturns]).toEqual([0.5]);
    expect([...history.rowsAt(1_440).labels]).toEqual([VOID_LABEL]);
  });

  it('writes down as 0, and void as no label at all', () => {
    const history = emptyHistory();
    history.append(rowAt(1));
    history.append(rowAt(2));
    history.learn({ ...truthAt(1), outcome: 'down' });
    history.learn({ ...truthAt(2), outcome: 'void' });
    expect([...history.rowsAt(60).labels]).toEqual([0, VOID_LABEL]);
  });

  it('passes over entries one bar later, windows it never saw and horizons it does not keep', () => {
    const history = emptyHistory();
    history.append(rowAt(1));
    history.learn({ ...truthAt(1), entryDelayMinutes: 60 });
    history.learn(truthAt(5));
    history.learn({ ...truthAt(1), horizonMinutes: 15 });
    expect([...history.rowsAt(60).labels]).toEqual([VOID_LABEL]);
  });

  it('loses nothing when it grows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4_000, max: 9_000 }), (count) => {
        const history = emptyHistory();
        for (let bar = 1; bar <= count; bar += 1) {
          history.append(rowAt(bar));
          history.learn({ ...truthAt(bar), outcome: bar % 3 === 0 ? 'up' : 'down', knownAt: bar });
        }
        const { values, labels, labelKnownAt, windowEnds } = history.rowsAt(60);
        const bars = Array.from({ length: count }, (_, place) => place + 1);
        expect([...windowEnds]).toEqual(bars.map((bar) => bar * HOUR_MS));
        expect([...values]).toEqual(bars.flatMap((bar) => [bar, -bar, bar / 2]));
        expect([...labels]).toEqual(bars.map((bar) => (bar % 3 === 0 ? 1 : 0)));
        expect([...labelKnownAt]).toEqual(bars);
      }),
      { numRuns: 3, seed: 1 },
    );
  });

  it('refuses a window that does not follow, and a horizon that it does not keep', () => {
    const history = emptyHistory();
    history.append(rowAt(2));
    expect(() => {
      history.append(rowAt(2));
    }).toThrow(RangeError);
    expect(() => history.rowsAt(15)).toThrow(RangeError);
  });
});

function emptyHistory() {
  return createRowHistory({ featureNames: ['a', 'b'], horizonsMinutes: HORIZONS });
}

function rowAt(bar: number) {
  return { windowEnd: bar * HOUR_MS, values: Float64Array.of(bar, -bar), pastReturns: [bar / 2, bar / 4] };
}

function truthAt(bar: number): SettledOutcome {
  return {
    windowEnd: bar * HOUR_MS,
    horizonMinutes: 60,
    entryDelayMinutes: 0,
    outcome: 'up',
    knownAt: bar * HOUR_MS + 1,
    futureReturn: 0.01,
  };
}
