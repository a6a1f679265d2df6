import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, SECOND_MS } from '../core/index.ts';
import { buildFeatureRows } from './build.ts';
import { createFeatureSet } from './feature-set.ts';
import { articleAt, candleAt, GRACE_SECONDS, ORIGIN, troubledHistory } from './inputs.contract.ts';
import { bitsOf } from './known-time.contract.ts';
import { createFeatureState, deserialiseFeatureState } from './state.ts';

const featureSet = createFeatureSet({ barMinutes: 60, scorer: 'vader@1.0.0' });
const graceSeconds = GRACE_SECONDS;
const hours = (count: number) => ORIGIN + count * HOUR_MS;

describe('building feature rows', () => {
  it('makes a row for every window from the first bar to the last, degraded where the bar is missing', () => {
    const inputs = [candleAt(hours(1)), candleAt(hours(3), { id: 'z' })];
    const built = buildFeatureRows({ featureSet, inputs, graceSeconds });
    expect([...built.windowEnds]).toEqual([hours(1), hours(2), hours(3)]);
    expect([...built.degraded]).toEqual([0, 1, 0]);
    expect(built.values).toHaveLength(45);
    expect(built.folded).toBe(2);
  });

  it('makes rows for after < T <= up to, and for a list', () => {
    const inputs = troubledHistory(1, { bars: 30 });
    const ranged = buildFeatureRows({
      featureSet,
      inputs,
      graceSeconds,
      windows: { after: hours(5), upTo: hours(9) + 1 },
    });
    expect([...ranged.windowEnds]).toEqual([6, 7, 8, 9].map(hours));
    const listed = buildFeatureRows({ featureSet, inputs, graceSeconds, windows: [6, 7, 8, 9].map(hours) });
    expect(bitsOf(listed.values)).toBe(bitsOf(ranged.values));
  });

  it('makes nothing of no bars', () => {
    const built = buildFeatureRows({ featureSet, inputs: [articleAt(hours(1), 0)], graceSeconds });
    expect(built.windowEnds).toHaveLength(0);
  });

  it('tells which bars had a further version', () => {
    const inputs = [candleAt(hours(1)), candleAt(hours(1), { id: 'second', knownAt: hours(2) })];
    const built = buildFeatureRows({ featureSet, inputs, graceSeconds, windows: [hours(1), hours(2)] });
    expect(built.revisions).toEqual([hours(1)]);
  });

  it('equals a fold window by window that is restarted anywhere, bit for bit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 1, max: 119 }), (seed, restart) => {
        const inputs = troubledHistory(seed, { bars: 120 });
        const windows = { after: ORIGIN, upTo: hours(120) };
        const offline = buildFeatureRows({ featureSet, inputs, graceSeconds, windows });
        let state = createFeatureState(featureSet);
        let next = 0;
        offline.windowEnds.forEach((windowEnd, row) => {
          const asOf = windowEnd + graceSeconds * SECOND_MS;
          for (; next < inputs.length && inputs[next]!.knownAt <= asOf; next += 1)
            state.apply(inputs[next]!, asOf);
          const online = new Float64Array(15);
          expect(state.read({ windowEnd, asOf }, online)).toBe(offline.degraded[row] === 1);
          expect(bitsOf(online)).toBe(bitsOf(offline.values.slice(row * 15, row * 15 + 15)));
          if (row === restart) state = deserialiseFeatureState(featureSet, state.serialise());
        });
        expect(state.serialise()).toBe(offline.state.serialise());
      }),
      { numRuns: 10 },
    );
  });

  it('goes on from the state of an earlier build', () => {
    const inputs = troubledHistory(6, { bars: 80 });
    const whole = buildFeatureRows({
      featureSet,
      inputs,
      graceSeconds,
      windows: { after: ORIGIN, upTo: hours(80) },
    });
    const first = buildFeatureRows({
      featureSet,
      inputs,
      graceSeconds,
      windows: { after: ORIGIN, upTo: hours(50) },
    });
    const second = buildFeatureRows({
      featureSet,
      inputs: inputs.slice(first.folded),
      graceSeconds,
      windows: { after: hours(50), upTo: hours(80) },
      state: first.state,
    });
    expect(bitsOf(Float64Array.of(...first.values, ...second.values))).toBe(bitsOf(whole.values));
  });

  it('refuses windows that go back and inputs out of order', () => {
    const inputs = troubledHistory(1, { bars: 10 });
    const windows = [hours(2), hours(1)];
    expect(() => buildFeatureRows({ featureSet, inputs, graceSeconds, windows })).toThrow(/does not follow/);
    const reversed = [articleAt(hours(2), 0), articleAt(hours(1), 0)];
    expect(() =>
      buildFeatureRows({ featureSet, inputs: reversed, graceSeconds, windows: [hours(3)] }),
    ).toThrow(/in order/);
  });
});
