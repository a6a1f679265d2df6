import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { learnInMemory } from '../test/learning.ts';
import { ASSET, BAR_MINUTES, GRACE_SECONDS, observeMarket, ORIGIN } from '../test/simulated-market.ts';
import { createModels } from './compose.ts';
import { createVirtualClock, DAY_MS, HOUR_MS, SECOND_MS } from './core/index.ts';
import type { FeatureInput, FeatureState } from './features/index.ts';
import {
  createPredictor,
  createWindowMemory,
  HORIZONS_MINUTES,
  type DeployedModels,
  type Prediction,
  type Predictor,
  type WindowMemory,
} from './prediction/index.ts';
import { explainDirection } from './explained-direction.ts';
import { presentWindow, priceWithTexts, type ArmAnswer, type PresentWindow } from './pricing.ts';
import { runWindow, windowsBetween } from './run-window.ts';
import { scorerName } from './sentiment/index.ts';

const GRACE_MS = GRACE_SECONDS * SECOND_MS;
const BARS = 12 * 24;
const LAST = ORIGIN + BARS * HOUR_MS;
const AS_OF = LAST + GRACE_MS;
/** Of the newest window. */
const HOUR_OF_WEEK = ((new Date(LAST).getUTCDay() + 6) % 7) * 24 + new Date(LAST).getUTCHours();
const PREDICT_AFTER = LAST - DAY_MS;
const models = createModels(BAR_MINUTES);
const { featureSets, lanes, arms, scorer } = models;
const PLAN = { featureSets, horizonsMinutes: HORIZONS_MINUTES, graceSeconds: GRACE_SECONDS };

let present: PresentWindow;
let deployed: DeployedModels;
let predictor: Predictor;
/** What the window itself said. */
let predictions: readonly Prediction[];
/** What stood before the last window, and what became known with it. */
let before: {
  states: FeatureState[];
  rows: { windowEnd: number; values: Float64Array }[];
  inputs: FeatureInput[];
};
let newest: FeatureInput[];

beforeAll(async () => {
  const { inputs } = await observeMarket({ seed: 941, bars: BARS, strength: 1 });
  const memory = createWindowMemory(PLAN);
  const learning = learnInMemory({
    featureSets,
    arms,
    firstFitAt: PREDICT_AFTER,
    graceMs: GRACE_MS,
    firstChampion: 'logistic+vader',
  });
  predictor = createPredictor({
    arms,
    horizonsMinutes: HORIZONS_MINUTES,
    lanes,
    firstFitAt: PREDICT_AFTER,
    graceMs: GRACE_MS,
    seed: 1,
  });
  const run = { memory, learning, predictor, predictAfter: PREDICT_AFTER };
  const clock = createVirtualClock(-Infinity);
  const read = ({ after, upTo }: { after: number; upTo: number }) =>
    Promise.resolve({
      inputs: inputs.filter(({ knownAt }) => knownAt > after && knownAt <= upTo),
      scores: [],
    });
  const rows: { windowEnd: number; values: Float64Array }[] = [];
  for (const windowEnd of windowsBetween(ORIGIN, LAST, BAR_MINUTES)) {
    if (windowEnd === LAST) {
      const knownUpTo = LAST - HOUR_MS + GRACE_MS;
      newest = inputs.filter(({ knownAt }) => knownAt > knownUpTo && knownAt <= AS_OF);
      const known = inputs.filter(({ knownAt }) => knownAt <= knownUpTo);
      const states = memory.featureStates.map((state) => state.copy());
      before = { states, rows: [...rows], inputs: known };
    }
    clock.advanceTo(windowEnd + GRACE_MS);
    const effects = await runWindow(windowEnd, run, { clock, collect: () => Promise.resolve(), read });
    rows.push({ windowEnd, values: lanes.widen(effects.vectors) });
    ({ predictions } = effects);
  }
  ({ deployed } = learning);
  present = presentWindow(memory, LAST);
});

describe('explainDirection', () => {
  const explain = (changes: Partial<Parameters<typeof explainDirection>[0]> = {}) =>
    explainDirection({
      ...{ present, deployed, horizonMinutes: 60 },
      onFailure: (_, error) => {
        throw error;
      },
      ...changes,
    });
  const withChampion = (arm: string) => ({ ...deployed, champions: new Map([[60, arm]]) });

  it.each(['logistic+vader', 'logistic+none', 'trees+vader', 'trees+none'])(
    'gives parts of what %s says of the window that sum to its log-odds, the largest first',
    (arm) => {
      const told = explain({ deployed: withChampion(arm) });
      const [said] = price({ horizonMinutes: 60 }).filter((answer) => answer.arm === arm);
      expect(told).toMatchObject({
        ...{ horizonMinutes: 60, windowEnd: LAST, asOf: AS_OF, arm, reason: null },
        ...{ modelVersion: said!.modelVersion, probabilityUp: said!.probabilityUp },
      });
      const logOdds = (chance: number) => Math.log(chance / (1 - chance));
      const parts = told.contributions!.map(({ contribution }) => contribution);
      const sum = parts.reduce((all, part) => all + part, logOdds(told.baseProbability!));
      expect(sum).toBeCloseTo(logOdds(said!.probabilityUp), 5);
      const sizes = parts.map(Math.abs);
      expect(sizes).toEqual(sizes.toSorted((left, right) => right - left));
      const features = told.contributions!.map(({ feature }) => feature);
      expect(features.includes('news_sentiment_4h')).toBe(arm.endsWith('+vader'));
      expect(lanes.names).toEqual(expect.arrayContaining(features));
      const hour = told.contributions!.find(({ feature }) => feature === 'hour_of_week');
      // Weeks begin on Monday (docs/features.md).
      if (hour !== undefined) expect(hour.value).toBe(HOUR_OF_WEEK);
    },
  );

  it('says why where a baseline answers, nobody does, nothing is live, or no window was decided', () => {
    const silent = { probabilityUp: null, baseProbability: null, contributions: null };
    const reasons: [Partial<Parameters<typeof explainDirection>[0]>, string][] = [
      [{ deployed: withChampion('baseline-majority') }, 'baseline-majority is a baseline'],
      [{ deployed: { ...deployed, champions: new Map() } }, 'No arm answers'],
      [{ deployed: withChampion('trees+finbert') }, 'No model of trees+finbert is live'],
      [{ present: null }, 'No window'],
      [{ horizonMinutes: 15 }, 'No window'],
    ];
    for (const [changes, words] of reasons) {
      const told = explain(changes);
      expect(told).toMatchObject(silent);
      expect(told.reason).toContain(words);
    }
  });

  it('says why where the family cannot tell, or the model fails', () => {
    const withModel = (model: object) => ({
      ...deployed,
      models: deployed.models.map((live) => ({ ...live, model: { ...live.model, ...model } })),
    });
    const mute = explain({ deployed: withModel({ contributions: undefined }) });
    expect(mute.probabilityUp).toBeGreaterThan(0);
    expect(mute).toMatchObject({ contributions: null, reason: 'The family logistic cannot tell.' });
    const heard: unknown[] = [];
    const failing = { deployed: withModel({ predict: () => new Float64Array() }) };
    const failed = explain({ ...failing, onFailure: (model, error) => heard.push(model.arm, error) });
    expect(failed).toMatchObject({ probabilityUp: null, contributions: null });
    expect(failed.reason).toContain('failed');
    expect(heard).toEqual(['logistic+vader', expect.any(RangeError)]);
  });
});

describe('priceWithTexts', () => {
  it('without a text says what the window itself said, for every governed arm and horizon', () => {
    for (const horizonMinutes of HORIZONS_MINUTES) {
      const answers = price({ horizonMinutes });
      expect(answers.map(said)).toEqual(
        governed(predictions, horizonMinutes).map(
          ({ arm, modelVersion, probabilityUp, sentiment, degraded }) => ({
            ...{ arm, modelVersion, probabilityUp, sentiment, degraded },
          }),
        ),
      );
      expect(answers.map(({ arm, isChampion }) => [arm, isChampion])).toContainEqual([
        'logistic+vader',
        true,
      ]);
      expect(answers.filter(({ isChampion }) => isChampion)).toHaveLength(1);
      expect(new Map(answers.map(({ arm, featuresCount }) => [arm, featuresCount]))).toEqual(
        new Map([
          ['logistic+vader', 15],
          ['logistic+none', 11],
          ['trees+vader', 15],
          ['trees+none', 11],
        ]),
      );
    }
  });

  it('with texts says what the window would have said, had they been articles known at its decision', async () => {
    const headline = fc.constantFrom(
      'Bitcoin rallies to a great new high',
      'Terrible crash wipes out Bitcoin holders',
      'Bitcoin trades sideways',
      'Regulator bans exchange, fraud suspected!!!',
      'ETF approved :)',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(headline, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(...HORIZONS_MINUTES),
        async (texts, horizonMinutes) => {
          const scores = await scorer.score(texts);
          const sentiments = scores.map(({ sentiment }) => sentiment);
          const answers = price({ horizonMinutes, sentiments: by(sentiments) });
          const folded = predictFolding(articles(texts, sentiments));
          expect(answers.map(said)).toEqual(
            governed(folded, horizonMinutes).map(
              ({ arm, modelVersion, probabilityUp, sentiment, degraded }) => ({
                ...{ arm, modelVersion, probabilityUp, sentiment, degraded },
              }),
            ),
          );
        },
      ),
      { numRuns: 25, seed: 1 },
    );
  });

  it('moves arms that read sentiment, the way the text points, and leaves the others where they are', () => {
    const [plain, good, bad] = [[], [0.9], [-0.9]].map((sentiments) =>
      price({ horizonMinutes: 60, sentiments: sentiments.length === 0 ? null : by(sentiments) }),
    );
    const of = (answers: ArmAnswer[] | undefined, arm: string) => answers?.find((each) => each.arm === arm);
    expect(of(good, 'logistic+vader')!.sentiment!).toBeGreaterThan(of(plain, 'logistic+vader')!.sentiment!);
    expect(of(bad, 'logistic+vader')!.sentiment!).toBeLessThan(of(plain, 'logistic+vader')!.sentiment!);
    expect(of(good, 'logistic+vader')!.probabilityUp).not.toBe(of(bad, 'logistic+vader')!.probabilityUp);
    expect(of(good, 'logistic+none')!.probabilityUp).toBe(of(bad, 'logistic+none')!.probabilityUp);
    expect(of(good, 'logistic+none')!.sentiment).toBe(null);
  });

  it('changes nothing of the present, however much is asked of it', () => {
    const serialised = () => present.featureStates.map((state) => state.serialise());
    const stood = serialised();
    for (let turn = 0; turn < 20; turn += 1) {
      price({ horizonMinutes: 60, sentiments: by(Array.from({ length: turn }, () => 0.5)) });
    }
    expect(serialised()).toEqual(stood);
  });

  it('answers degraded when the window’s candle was missing, or by a model past its expiry', () => {
    const blind = createWindowMemory(PLAN);
    blind.fold([], LAST);
    const answers = price({ horizonMinutes: 60, present: presentWindow(blind, LAST) });
    expect(answers.every(({ degraded }) => degraded)).toBe(true);
    expect(answers.every(({ probabilityUp }) => probabilityUp > 0 && probabilityUp < 1)).toBe(true);
    const expired = deployed.models.map((model) => ({
      ...model,
      expiresAt: model.arm === 'trees+none' ? AS_OF - 1 : AS_OF,
    }));
    expect(
      price({ horizonMinutes: 60, deployed: { ...deployed, models: expired } })
        .filter(({ degraded }) => degraded)
        .map(({ arm }) => arm),
    ).toEqual(['trees+none']);
  });

  it('says why where a model is past its expiry, or the input is unlike what it has learnt from', () => {
    const far = { limit: 1.2, of: () => Float64Array.of(1.8), toJson: () => null };
    const models = deployed.models.map((model) => ({
      ...model,
      expiresAt: model.arm === 'trees+none' ? AS_OF - 1 : AS_OF,
      ...(model.arm === 'trees+vader' ? { dissimilarity: far } : {}),
    }));
    const answers = price({ horizonMinutes: 60, deployed: { ...deployed, models } });
    const reasons = new Map(answers.map(({ arm, abstention }) => [arm, abstention]));
    expect(reasons.get('trees+none')).toMatch(/^model expired at \d{4}-/);
    expect(reasons.get('trees+vader')).toBe('input unlike the training data: dissimilarity 1.80, limit 1.20');
    const others = [...reasons].filter(([arm]) => !['trees+none', 'trees+vader'].includes(arm));
    expect(others.every(([, reason]) => reason === null)).toBe(true);
    expect(answers.every(({ probabilityUp }) => probabilityUp > 0 && probabilityUp < 1)).toBe(true);
  });

  it('leaves out an arm whose model fails or says what is no probability, and tells of it', () => {
    const failing = (arm: string, predict: () => Float64Array) =>
      deployed.models.map((model) =>
        model.arm === arm ? { ...model, model: { ...model.model, predict } } : model,
      );
    const told: string[] = [];
    for (const predict of [
      () => {
        throw new Error('out of its mind');
      },
      () => Float64Array.of(NaN),
      () => new Float64Array(),
    ]) {
      const answers = price({
        horizonMinutes: 60,
        deployed: { ...deployed, models: failing('trees+vader', predict) },
        onFailure: (model, error) => told.push(`${model.arm}: ${String(error)}`),
      });
      expect(answers.map(({ arm }) => arm)).toEqual(['logistic+none', 'logistic+vader', 'trees+none']);
    }
    expect(told).toEqual([
      'trees+vader: Error: out of its mind',
      expect.stringContaining('NaN'),
      expect.stringContaining('undefined'),
    ]);
  });

  it('has no answer where nothing is deployed, for an arm that is no more, and for a horizon that is not kept', () => {
    expect(price({ horizonMinutes: 60, deployed: { ...deployed, models: [] } })).toEqual([]);
    expect(price({ horizonMinutes: 60, arms: [] })).toEqual([]);
    expect(price({ horizonMinutes: 15 })).toEqual([]);
  });
});

function price(
  changes: Partial<Parameters<typeof priceWithTexts>[0]> & { horizonMinutes: number },
): ArmAnswer[] {
  return priceWithTexts({
    present,
    deployed,
    arms,
    asset: ASSET,
    sentiments: null,
    onFailure: (_, error) => {
      throw error;
    },
    ...changes,
  });
}

/** As the reference VADER says. */
function by(sentiments: readonly number[]): ReadonlyMap<string, readonly number[]> {
  return new Map([[scorerName(scorer), sentiments]]);
}

/** What a newsroom would have brought at the very decision. */
function articles(texts: readonly string[], sentiments: readonly number[]): FeatureInput[] {
  return texts.map((text, place) => ({
    kind: 'article',
    id: `wire-${String(place).padStart(4, '0')}`,
    source: 'wire',
    asset: ASSET,
    eventTime: AS_OF,
    knownAt: AS_OF,
    text,
    sentiment: sentiments[place]!,
  }));
}

/** Decides the last window again from what stood before it, with more articles among its records. */
function predictFolding(more: readonly FeatureInput[]): Prediction[] {
  const memory: WindowMemory = createWindowMemory(PLAN, {
    featureStates: before.states.map((state) => state.copy()),
    knownUpTo: LAST - HOUR_MS + GRACE_MS,
    closes: before.inputs.filter((input) => input.kind === 'candle'),
    rows: before.rows,
  });
  const row = memory.fold([...newest, ...more], LAST);
  return predictor.predict(row, { predictedAt: AS_OF, degraded: row.degraded }, deployed);
}

function governed(all: readonly Prediction[], horizonMinutes: number): Prediction[] {
  return all
    .filter((each) => each.horizonMinutes === horizonMinutes && each.arm.includes('+'))
    .toSorted((left, right) => (left.arm < right.arm ? -1 : 1));
}

function said({ arm, modelVersion, probabilityUp, sentiment, degraded }: ArmAnswer) {
  return { arm, modelVersion, probabilityUp, sentiment, degraded };
}
