import { describe, expect, it } from 'vitest';
import type { ArmAnswer, CompareAnswer, ExplainAnswer, ScorerAnswer } from '../../src/serving/contract.ts';
import type { Answer } from './api.ts';
import {
  askHeadline,
  effectWords,
  headlineEffect,
  leadingScorer,
  oneLine,
  pointsText,
  signOf,
  spokenEffect,
} from './headline.ts';

function arm(name: string, probabilityUp: number, change: Partial<ArmAnswer> = {}): ArmAnswer {
  return {
    arm: name,
    model_version: 'trees@1.0.3',
    probability_up: probabilityUp,
    price_direction: 'neutral',
    sentiment: 0.1,
    is_champion: false,
    degraded: false,
    ...change,
  };
}

function scorerOf(scorer: string, sentiment: number): ScorerAnswer {
  return {
    scorer,
    version: 'v1.0.0',
    sentiment,
    confidence: 0.85,
    label: sentiment > 0 ? 'positive' : 'negative',
    probabilities: { negative: 0.05, neutral: 0.1, positive: 0.85 },
  };
}

const EXPLAINED: ExplainAnswer = {
  explanations: [],
  unexplained: [{ scorer: 'vader', reason: 'It is mute', remedy: 'Wait' }],
  direction: {
    horizon_minutes: 60,
    window_end: null,
    as_of: null,
    arm: null,
    model_version: null,
    probability_up: null,
    base_probability: null,
    contributions: null,
    reason: 'No window was decided yet.',
  },
  performance: { response_time_ms: 1 },
};

function compared(arms: ArmAnswer[], change: Partial<CompareAnswer> = {}): CompareAnswer {
  return {
    asset: 'BTC-USD',
    horizon_minutes: 60,
    window_end: '2022-11-05T00:00:00Z',
    as_of: '2022-11-05T00:01:00Z',
    deployment: 14,
    arms,
    scorers: [scorerOf('vader', 0.51)],
    unavailable: [],
    agreement: null,
    comparison: {
      vader_sentiment: 0.51,
      finbert_sentiment: null,
      agreement: null,
      confidence_delta: null,
    },
    performance: { response_time_ms: 2, cache_hit: false },
    ...change,
  };
}

const answered = (data: CompareAnswer | ExplainAnswer): Answer => ({ ok: true, body: '', data });
const BEFORE = compared([
  arm('trees+vader', 0.518, { is_champion: true }),
  arm('logistic+vader', 0.5),
  arm('trees+none', 0.51, { sentiment: null }),
]);
const AFTER = compared(
  [
    arm('trees+none', 0.51, { sentiment: null }),
    arm('trees+vader', 0.5242, { is_champion: true }),
    arm('logistic+vader', 0.48),
  ],
  { items: [{ sentiment: 0.51, confidence: 0.85, label: 'positive' }] },
);

describe('headlineEffect', () => {
  it('sets what each arm says with the headline beside what it says now, the champion first', () => {
    const effect = headlineEffect({ text: 'up', before: BEFORE, after: AFTER, explained: null });
    expect(effect.main).toMatchObject({ arm: 'trees+vader', before: 0.518, after: 0.5242 });
    expect(effect.arms.map((each) => [each.arm, pointsText(each.change)])).toEqual([
      ['trees+vader', '+0.62\u00a0points'],
      ['logistic+vader', '−2.00\u00a0points'],
      ['trees+none', 'no change'],
    ]);
  });

  it('puts baselines last, whom no headline moves', () => {
    const arms = [arm('baseline-ar1', 0.6, { sentiment: null }), arm('trees+none', 0.5, { sentiment: null })];
    const both = compared(arms);
    const names = headlineEffect({ text: 'up', before: both, after: both, explained: null }).arms.map(
      (each) => each.arm,
    );
    expect(names).toEqual(['trees+none', 'baseline-ar1']);
  });

  it('claims no change for an arm that did not answer without the headline', () => {
    const [late] = headlineEffect({ text: 'up', before: compared([]), after: AFTER, explained: null }).arms;
    expect(late).toMatchObject({ before: null, change: null });
    expect(pointsText(null)).toBe('—');
  });

  it('has no main answer before the first window, but a sentiment', () => {
    const none = compared([], { window_end: null, deployment: null, degraded: true });
    const effect = headlineEffect({ text: 'up', before: none, after: none, explained: null });
    expect(effect).toMatchObject({ main: null, degraded: true, scorers: [{ sentiment: 0.51 }] });
  });
});

describe('spokenEffect', () => {
  it('says sentiment and change in one breath', () => {
    const effect = headlineEffect({ text: 'up', before: BEFORE, after: AFTER, explained: null });
    expect(spokenEffect(effect)).toBe(
      'Sentiment +0.51, positive. trees+vader: probability up from 51.80\u00a0% to 52.42\u00a0%, +0.62\u00a0points.',
    );
    expect(spokenEffect({ ...effect, main: null })).toBe(
      'Sentiment +0.51, positive. No window has been decided yet.',
    );
    const unlabelled = [{ ...scorerOf('vader', 0.51), label: null }];
    expect(spokenEffect({ ...effect, main: null, scorers: unlabelled })).toContain('Sentiment +0.51. No');
    expect(spokenEffect({ ...effect, main: null, scorers: [] })).toBe('No window has been decided yet.');
  });

  it('takes the word of the scorer that the main arm reads', () => {
    const effect = headlineEffect({ text: 'up', before: BEFORE, after: AFTER, explained: null });
    const scorers = [scorerOf('linear', -0.4), scorerOf('vader', 0.51)];
    expect(leadingScorer({ ...effect, scorers })?.scorer).toBe('vader');
    expect(leadingScorer({ ...effect, scorers, main: null })?.scorer).toBe('linear');
    expect(leadingScorer({ ...effect, scorers: [] })).toBeNull();
  });

  it('takes for no change what would be written as none', () => {
    expect([0.00004, -0.00004, null, 0.0001, -0.0001].map(signOf)).toEqual([0, 0, 0, 1, -1]);
  });
});

describe('effectWords', () => {
  it('says why an answer did not move', () => {
    const [champion, , deaf] = headlineEffect({
      text: 'up',
      before: BEFORE,
      after: AFTER,
      explained: null,
    }).arms;
    expect(effectWords(champion!)).toBe('The headline moves trees+vader up.');
    expect(effectWords(deaf!)).toContain('not what they say');
    expect(effectWords({ ...champion!, change: 0 })).toContain('does not move it');
    expect(effectWords({ ...champion!, change: null })).toContain('to compare with');
  });
});

describe('askHeadline', () => {
  const question = { text: 'up', horizonMinutes: 60 };

  it('asks without the text and with it, at the horizon in question', async () => {
    const bodies: object[] = [];
    const answer = await askHeadline(question, {
      compare(body) {
        bodies.push(body);
        return Promise.resolve(answered(body.text === undefined ? BEFORE : AFTER));
      },
      explain(body) {
        bodies.push(body);
        return Promise.resolve(answered(EXPLAINED));
      },
    });
    expect(bodies).toEqual([
      { text: 'up', horizon_minutes: 60 },
      { horizon_minutes: 60 },
      { text: ['up'], horizon_minutes: 60 },
    ]);
    expect(answer).toMatchObject({
      ok: true,
      effect: { main: { before: 0.518 }, unexplained: EXPLAINED.unexplained },
    });
  });

  it('answers all the same where nobody says which words carried it', async () => {
    const failure = { kind: 'refused' as const, code: 'SENTIMENT_OVERLOADED', message: 'Full.' };
    const answer = await askHeadline(question, {
      compare: ({ text }) => Promise.resolve(answered(text === undefined ? BEFORE : AFTER)),
      explain: () => Promise.resolve({ ok: false, failure }),
    });
    expect(answer).toMatchObject({ ok: true, effect: { explanations: [], unexplained: [] } });
  });

  it('asks again when a model or a window changed in between, and gives up rather than mix two', async () => {
    let asked = 0;
    const changing = (rounds: number) => ({
      compare(body: { text?: string[] }) {
        asked += 1;
        const isMixed = body.text !== undefined && asked <= 2 * rounds;
        return Promise.resolve(answered(isMixed ? { ...AFTER, deployment: 15 } : AFTER));
      },
      explain: () => Promise.resolve(answered(EXPLAINED)),
    });
    expect((await askHeadline(question, changing(1))).ok).toBe(true);
    expect(asked).toBe(4);
    asked = 0;
    const lost = await askHeadline(question, changing(99));
    expect(lost).toMatchObject({ ok: false, failure: { code: null } });
  });

  it('passes on why the API refused', async () => {
    const failure = { kind: 'refused' as const, code: 'SERVING_BUSY', message: 'Too much at once.' };
    const refuse = () => Promise.resolve({ ok: false as const, failure });
    const answer = await askHeadline(question, { compare: refuse, explain: refuse });
    expect(answer).toEqual({ ok: false, failure });
  });
});

describe('oneLine', () => {
  it('joins what was pasted over several lines', () => {
    expect(oneLine('  Bitcoin\n\tup  again \n')).toBe('Bitcoin up again');
    expect(oneLine(' \n ')).toBe('');
  });
});
