import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../core/index.ts';
import { VOID_LABEL } from '../models/index.ts';
import { decideGate, type GateQuestion } from './gate.ts';

const N = 1_344;

/** Coin labels, an incumbent that says a half and a candidate that says `lean` towards what comes true. */
function question(lean: number, changes: Partial<GateQuestion> = {}): GateQuestion {
  const random = createRandom(4);
  const labels = Uint8Array.from({ length: N }, () => (random.uniform() < 0.5 ? 1 : 0));
  return {
    kind: 'refresh',
    candidate: Float64Array.from(labels, (label) => 0.5 + lean * (label === 1 ? 1 : -1)),
    incumbent: new Float64Array(N).fill(0.5),
    labels,
    barMinutes: 60,
    horizonMinutes: 60,
    agreement: 0.01,
    isExpired: false,
    level: 0.95,
    seed: 1,
    ...changes,
  };
}

describe('decideGate', () => {
  it('measures the gain in nats a window (ln 0.51 - ln 0.5 where each answer leans 0.01 the right way)', () => {
    const finding = decideGate(question(0.01));
    const gain = Math.log(0.51) - Math.log(0.5);
    expect(finding.gain).toBeCloseTo(gain, 12);
    expect(finding.low).toBeCloseTo(gain, 12);
    expect(finding).toMatchObject({ n: N, threshold: -0.002, verdict: 'promoted' });
    expect(finding.reason).toBe(
      'The refresh is not worse by 0.002 nats a window. Over 1344 windows it gains +0.0198 nats a window (95 % bounds +0.0198 and +0.0198; the lower has to exceed -0.002).',
    );
  });

  it('lets a refresh be a little worse, a change and a challenger not', () => {
    const slightlyWorse = question(-0.0009);
    expect(decideGate(slightlyWorse)).toMatchObject({ verdict: 'promoted', threshold: -0.002 });
    expect(decideGate({ ...slightlyWorse, kind: 'change' })).toMatchObject({
      verdict: 'refused',
      threshold: 0,
    });
    expect(decideGate({ ...slightlyWorse, kind: 'champion' })).toMatchObject({
      verdict: 'refused',
      threshold: 0,
    });
    expect(decideGate(question(-0.002)).verdict).toBe('refused');
    expect(decideGate(question(0.002, { kind: 'change' })).reason).toContain('The changed recipe is better');
  });

  it('refuses what ships when it is not what was judged, however good', () => {
    const finding = decideGate(question(0.1, { agreement: 0.0501 }));
    expect(finding).toMatchObject({ verdict: 'refused' });
    expect(finding.reason).toContain('by 0.0501 on average in P(up), and 0.05 is allowed');
    expect(decideGate(question(0.1, { agreement: 0.05 })).verdict).toBe('promoted');
    expect(decideGate(question(0.1, { agreement: NaN })).verdict).toBe('refused');
    expect(decideGate(question(0.1, { agreement: NaN, kind: 'champion' })).verdict).toBe('promoted');
  });

  it('refuses with words below eight blocks: 192 hours at an hour, 576 at a day', () => {
    const first = (rows: number, horizonMinutes: number) => {
      const whole = question(0.1, { horizonMinutes });
      const labels = whole.labels.map((label, row) => (row < rows ? label : VOID_LABEL));
      return decideGate({ ...whole, labels });
    };
    expect(first(192, 60).verdict).toBe('promoted');
    expect(first(191, 60)).toMatchObject({ verdict: 'refused', n: 191, low: NaN });
    expect(first(191, 60).reason).toBe(
      'Only 191 windows can be compared, which is less than eight blocks of 24 h. What cannot be compared is not promoted.',
    );
    expect(first(576, 1_440).verdict).toBe('promoted');
    expect(first(575, 1_440).reason).toContain('less than eight blocks of 72 h');
    const none = new Float64Array(0);
    const nothing = question(0, { candidate: none, incumbent: none, labels: new Uint8Array(0) });
    expect(decideGate(nothing)).toMatchObject({ verdict: 'refused', n: 0, gain: NaN });
  });

  it('lets an expired incumbent go, unless its successor is shown to be worse by more than the margin', () => {
    const expired = { isExpired: true };
    const random = createRandom(8);
    const noisy = (lean: number, changes: Partial<GateQuestion>) => {
      const asked = question(lean, changes);
      return { ...asked, candidate: asked.candidate.map((up) => up + 0.1 * random.normal()) };
    };
    expect(decideGate(noisy(-0.001, {})).verdict).toBe('refused');
    const finding = decideGate(noisy(-0.001, expired));
    expect(finding.verdict).toBe('promoted');
    expect(finding.reason).toMatch(/^The incumbent has expired, and the candidate is not shown to be worse/);
    const worse = decideGate(question(-0.01, expired));
    expect(worse.verdict).toBe('refused');
    expect(worse.reason).toContain('The incumbent has expired, but the candidate is shown to be worse');
    const unseen = decideGate(question(0, { ...expired, labels: new Uint8Array(N).fill(VOID_LABEL) }));
    expect(unseen.verdict).toBe('promoted');
    expect(unseen.reason).toContain('Only 0 windows can be compared');
    expect(decideGate(question(0, { ...expired, agreement: 0.2 })).verdict).toBe('refused');
    expect(decideGate(question(0, { ...expired, kind: 'champion' })).verdict).toBe('refused');
  });

  it('ends probabilities at 0.001 and 0.999, so that one certain error cannot outweigh all', () => {
    const labels = new Uint8Array(N).fill(1);
    const sure = new Float64Array(N).fill(0);
    const finding = decideGate(question(0, { labels, candidate: sure }));
    expect(finding.gain).toBeCloseTo(Math.log(0.001) - Math.log(0.5), 12);
  });

  it('turns its sign when the two change places, and asks for more with a higher level, for any answers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_999 }), (seed) => {
        const random = createRandom(seed);
        const answers = () => Float64Array.from({ length: 400 }, () => random.uniform());
        const labels = Uint8Array.from({ length: 400 }, () => random.integer(2));
        const asked = question(0, { candidate: answers(), incumbent: answers(), labels, seed });
        const there = decideGate(asked);
        const back = decideGate({ ...asked, candidate: asked.incumbent, incumbent: asked.candidate });
        expect(back.gain).toBeCloseTo(-there.gain, 12);
        expect(back.low).toBeCloseTo(-there.high, 9);
        expect(there.low).toBeLessThan(there.gain);
        expect(decideGate({ ...asked, level: 0.99 }).low).toBeLessThan(there.low);
        expect(decideGate(asked)).toEqual(there);
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  it('refuses arrays of different lengths', () => {
    expect(() => decideGate(question(0, { incumbent: new Float64Array(3) }))).toThrow('3 of the incumbent');
  });
});
