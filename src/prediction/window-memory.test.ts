import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../core/index.ts';
import { candleAt, GRACE_SECONDS, ORIGIN, sorted, troubledHistory } from '../features/inputs.contract.ts';
import { createFeatureSet, deserialiseFeatureState, type FeatureInput } from '../features/index.ts';
import { createWindowMemory, type DecidedRow, type WindowMemory } from './window-memory.ts';
import type { SettledOutcome } from './truth.ts';

const featureSet = createFeatureSet({ barMinutes: 60, scorer: 'vader@1.0.0' });
const OPTIONS = { featureSets: [featureSet], horizonsMinutes: [60, 1_440], graceSeconds: GRACE_SECONDS };
const BARS = 150;

describe('createWindowMemory', () => {
  it('reads a row with its past returns from what was known at the decision', () => {
    const memory = createWindowMemory(OPTIONS);
    memory.fold([candleAt(ORIGIN, { close: 100 })], ORIGIN);
    const row = memory.fold([candleAt(ORIGIN + HOUR_MS, { close: 101 })], ORIGIN + HOUR_MS);
    expect(row.pastReturns).toEqual([Math.log(101 / 100), NaN]);
    expect(row.values[featureSet.names.indexOf('return_1bar')]).toBeCloseTo(Math.log(1.01), 15);
    expect(row.degraded).toBe(false);
    expect(memory.knownUpTo).toBe(ORIGIN + HOUR_MS + GRACE_SECONDS * SECOND_MS);
  });

  it('decides a window without its candle all the same, and says that it is degraded', () => {
    const memory = createWindowMemory(OPTIONS);
    memory.fold([candleAt(ORIGIN)], ORIGIN);
    const row = memory.fold([], ORIGIN + HOUR_MS);
    expect(row.degraded).toBe(true);
    expect(row.pastReturns).toEqual([NaN, NaN]);
    expect(row.values[featureSet.names.indexOf('return_1bar')]).toBeNaN();
  });

  it('tells the bars that were revised, and keeps their first version for the truth', () => {
    const memory = createWindowMemory(OPTIONS);
    memory.fold([candleAt(ORIGIN, { close: 100 })], ORIGIN);
    const end = ORIGIN + HOUR_MS;
    const revision = candleAt(ORIGIN, { id: 'r', close: 200, knownAt: end + SECOND_MS });
    const row = memory.fold([revision, candleAt(end, { close: 101 })], end);
    expect(row.revisions).toEqual([ORIGIN]);
    expect(memory.settle(end + MINUTE_MS)[0]).toMatchObject({ outcome: 'up', futureReturn: Math.log(1.01) });
  });

  it('teaches its history what has become true', () => {
    const memory = createWindowMemory(OPTIONS);
    memory.fold([candleAt(ORIGIN, { close: 100 })], ORIGIN);
    memory.fold([candleAt(ORIGIN + HOUR_MS, { close: 99 })], ORIGIN + HOUR_MS);
    memory.settle(memory.knownUpTo);
    const { labels, labelKnownAt } = memory.history.rowsAt(60);
    expect(labels[0]).toBe(0);
    expect(labelKnownAt[0]).toBe(ORIGIN + HOUR_MS + 5 * SECOND_MS);
  });

  it('never tells a label that touches what is held out, with entry one bar later neither', () => {
    const hours = (count: number) => ORIGIN + count * HOUR_MS;
    const holdout = { from: hours(10), to: hours(20) };
    const memory = createWindowMemory({ ...OPTIONS, horizonsMinutes: [120], holdout });
    for (let hour = 0; hour < 30; hour += 1) {
      memory.fold([candleAt(hours(hour), { close: 100 + hour })], hours(hour));
    }
    const settled = memory.settle(memory.knownUpTo);
    const toldOf = (delay: number) =>
      settled
        .filter(({ entryDelayMinutes }) => entryDelayMinutes === delay)
        .map(({ windowEnd }) => (windowEnd - ORIGIN) / HOUR_MS);
    expect(toldOf(0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 20, 21, 22, 23, 24, 25, 26, 27]);
    expect(toldOf(60)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 20, 21, 22, 23, 24, 25, 26]);
    const { labels, count } = memory.history.rowsAt(120);
    expect(count).toBe(30);
    expect([...labels].flatMap((label, row) => (label === 1 ? [row] : []))).toEqual(toldOf(0));
  });

  it('goes on after a restart as if there had been none, bit for bit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: BARS - 1 }), (seed, stop) => {
        const inputs = troubledHistory(seed, { bars: BARS });
        const unbroken = createWindowMemory(OPTIONS);
        const whole = run(unbroken, inputs, { after: 0, upTo: BARS });
        const first = createWindowMemory(OPTIONS);
        const before = run(first, inputs, { after: 0, upTo: stop });
        const second = restart(first, inputs, before.rows);
        const rest = run(second, inputs, { after: stop, upTo: BARS });
        expect([...before.rows, ...rest.rows]).toEqual(whole.rows);
        expect([...before.settled, ...rest.settled]).toEqual(whole.settled);
        for (const horizon of OPTIONS.horizonsMinutes) {
          expect(second.history.rowsAt(horizon)).toEqual(unbroken.history.rowsAt(horizon));
        }
      }),
      { numRuns: 12, seed: 1 },
    );
  });

  it('refuses what was not known at the decision', () => {
    const memory = createWindowMemory(OPTIONS);
    const early = candleAt(ORIGIN, { knownAt: ORIGIN + MINUTE_MS + 1 });
    expect(() => memory.fold([early], ORIGIN)).toThrow(RangeError);
  });
});

interface Told {
  rows: DecidedRow[];
  settled: SettledOutcome[];
}

function run(
  memory: WindowMemory,
  inputs: readonly FeatureInput[],
  { after, upTo }: { after: number; upTo: number },
): Told {
  const rows: DecidedRow[] = [];
  const settled: SettledOutcome[] = [];
  for (let bar = after + 1; bar <= upTo; bar += 1) {
    const windowEnd = ORIGIN + bar * HOUR_MS;
    const known = memory.knownUpTo;
    const fresh = inputs.filter(({ knownAt }) => knownAt > known && knownAt <= windowEnd + memory.graceMs);
    rows.push(memory.fold(fresh, windowEnd));
    settled.push(...memory.settle(windowEnd + memory.graceMs));
  }
  return { rows, settled };
}

/** A memory made from what a workspace would hold of another one. */
function restart(
  { featureStates, knownUpTo }: WindowMemory,
  inputs: readonly FeatureInput[],
  rows: readonly DecidedRow[],
): WindowMemory {
  return createWindowMemory(OPTIONS, {
    featureStates: featureStates.map((state) => deserialiseFeatureState(state.featureSet, state.serialise())),
    knownUpTo,
    closes: sorted(inputs).flatMap((input) =>
      input.kind === 'candle' && input.knownAt <= knownUpTo ? [input] : [],
    ),
    rows: rows.map(({ windowEnd, values }) => ({ windowEnd, values })),
  });
}
