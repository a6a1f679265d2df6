import { describe, expect, it } from 'vitest';
import type { GateDecision } from '../../src/serving/contract.ts';
import { contestants, gateRounds, gateScale, isCompared, roundWords } from './gate.ts';

const NEWER = '2022-10-31T00:01:00Z';
const OLDER = '2022-10-24T00:01:00Z';

function decision(change: Partial<GateDecision> = {}): GateDecision {
  return {
    at: NEWER,
    horizon_minutes: 60,
    arm: 'trees+vader',
    kind: 'refresh',
    candidate: 'trees@1.0.3',
    incumbent_arm: 'trees+vader',
    incumbent: 'trees@1.0.2',
    n: 1_344,
    gain: 0.0002,
    low: -0.0006,
    high: 0.0011,
    threshold: -0.002,
    agreement: 0.011,
    verdict: 'promoted',
    reason: 'Not worse.',
    ...change,
  };
}

const first = decision({
  kind: 'first',
  incumbent_arm: null,
  incumbent: null,
  n: 0,
  gain: null,
  low: null,
  high: null,
  agreement: null,
});

describe('gateRounds', () => {
  it('groups by moment, newest first, and by horizon, the champion in question first', () => {
    const rounds = gateRounds([
      decision({ at: OLDER, verdict: 'refused' }),
      decision({ arm: 'trees+none' }),
      decision({ horizon_minutes: 1_440 }),
      decision({ arm: 'logistic+none', kind: 'champion', verdict: 'refused' }),
      decision(),
    ]);
    expect(rounds.map(({ at }) => at)).toEqual([NEWER, OLDER]);
    expect(
      rounds[0]?.panels.map((panel) => [panel.horizonMinutes, panel.decisions.map(({ arm }) => arm)]),
    ).toEqual([
      [60, ['logistic+none', 'trees+none', 'trees+vader']],
      [1_440, ['trees+vader']],
    ]);
    expect(rounds.map(roundWords)).toEqual(['3 passed, 1 refused', '1 refused']);
  });

  it('is empty before the first decision', () => {
    expect(gateRounds([])).toEqual([]);
  });
});

describe('gateScale', () => {
  it('holds zero, every bar and every threshold', () => {
    const scale = gateScale([decision(), decision({ low: 0.004, gain: 0.006, high: 0.009, threshold: 0 })]);
    expect(scale?.low).toBeLessThan(-0.002);
    expect(scale?.high).toBeGreaterThan(0.009);
  });

  it('is none where nothing was compared, and such a decision has no bar', () => {
    expect(gateScale([first])).toBeNull();
    expect([isCompared(first), isCompared(decision())]).toEqual([false, true]);
  });
});

describe('contestants', () => {
  it('names the arms only where another arm is challenged', () => {
    expect(contestants(decision())).toEqual({ candidate: 'trees@1.0.3', incumbent: 'trees@1.0.2' });
    expect(contestants(decision({ arm: 'logistic+none', candidate: 'logistic@1.0.3' }))).toEqual({
      candidate: 'logistic+none logistic@1.0.3',
      incumbent: 'trees+vader trees@1.0.2',
    });
    expect(contestants(first).incumbent).toBeNull();
  });
});
