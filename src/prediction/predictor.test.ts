import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, isoUtc, MINUTE_MS, parseUtc, utcDay } from '../core/index.ts';
import { createFeatureLanes, createFeatureSet, type FeatureLanes } from '../features/index.ts';
import { MODEL_FAMILIES, PAST_RETURN, type Model, type ModelFamily } from '../models/index.ts';
import { armsOf, type Arm } from './arms.ts';
import { NOTHING_DEPLOYED, type DeployedModels } from './deployed.ts';
import { createPredictor, type ArmFailure, type PredictorOptions } from './predictor.ts';
import { createRowHistory, type RowHistory, type WindowRow } from './row-history.ts';

type TrainingRows = Parameters<ModelFamily['fit']>[0];

const HORIZONS = [60, 1_440];
const NAMES = ['return_1bar', 'news_sentiment_4h'];
const GRACE_MS = MINUTE_MS;
const VADER = 'vader@1.0.0';
const SECOND = 'second@0.1.0';
const LANES = lanesOf(VADER);
const BOTH = lanesOf(VADER, SECOND);
/** A Wednesday. */
const START = parseUtc('2022-03-02T00:00:00Z');
const MONDAY = parseUtc('2022-03-07T00:00:00Z');

describe('createPredictor', () => {
  it('fits at the beginning and at every Monday, and names its fits by their date', () => {
    const predictor = createPredictor(optionsWith(realArms()));
    const history = historyUpTo(START + 20 * DAY_MS);
    const fits: string[] = [];
    for (let end = START + HOUR_MS; end <= START + 14 * DAY_MS; end += HOUR_MS) {
      const made = predictor.refitIfDue(end, history);
      if (made.length > 0) fits.push(`${new Date(end).toISOString()} ${made[0]?.modelVersion}`);
    }
    expect(fits).toEqual([
      '2022-03-02T01:00:00.000Z logistic@2022-03-02',
      '2022-03-07T00:00:00.000Z logistic@2022-03-07',
      '2022-03-14T00:00:00.000Z logistic@2022-03-14',
    ]);
  });

  it('tells every fit with the rows that it learnt from', () => {
    const predictor = createPredictor(optionsWith(realArms()));
    const history = historyUpTo(START + HOUR_MS);
    const fits = predictor.refitIfDue(START + HOUR_MS, history);
    expect(fits.map(({ arm, horizonMinutes, rows }) => [arm, horizonMinutes, rows])).toEqual([
      // The windows of 480 hours up to START, less those whose truth came later: 60 min and a day.
      ['logistic+vader', 60, 479],
      ['logistic+none', 60, 479],
      ['baseline-sign-table', 60, 479],
      ['logistic+vader', 1_440, 456],
      ['logistic+none', 1_440, 456],
      ['baseline-sign-table', 1_440, 456],
    ]);
  });

  it('learns from nothing that was not known at the date of its fit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 30 }), (hours, hoursLate) => {
        const { family, fitted } = recordingFamily();
        const predictor = createPredictor(
          optionsWith(armsOf({ fitted: [], baselines: [family], scorers: [], lanes: LANES })),
        );
        const windowEnd = START + hours * HOUR_MS;
        const due =
          hours < 120 ? START : MONDAY + Math.floor((windowEnd - MONDAY) / (7 * DAY_MS)) * 7 * DAY_MS;
        predictor.refitIfDue(windowEnd, historyUpTo(windowEnd + 5 * DAY_MS, hoursLate));
        const newest = HORIZONS.map((_, place) => lastWindowOf(fitted[place]));
        // A label becomes known 5 s, or some hours more, after its target.
        expect(newest).toEqual(
          HORIZONS.map((horizon) => due - (hoursLate > 0 ? hoursLate * HOUR_MS : 0) - horizon * MINUTE_MS),
        );
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('makes the same fit again after a restart in the middle of a week', () => {
    const unbroken = createPredictor(optionsWith(realArms()));
    const friday = MONDAY + 4 * DAY_MS + 5 * HOUR_MS;
    unbroken.refitIfDue(START + HOUR_MS, historyUpTo(START + HOUR_MS));
    unbroken.refitIfDue(MONDAY, historyUpTo(MONDAY));
    const restarted = createPredictor(optionsWith(realArms()));
    expect(restarted.refitIfDue(friday, historyUpTo(friday))).toHaveLength(6);
    expect(unbroken.refitIfDue(friday, historyUpTo(friday))).toEqual([]);
    const row = rowAt(friday);
    expect(restarted.predict(row, momentOf(row), NOTHING_DEPLOYED)).toEqual(
      unbroken.predict(row, momentOf(row), NOTHING_DEPLOYED),
    );
  });

  it('shows the columns of sentiment only to the arms that use it', () => {
    const { family, fitted, predicted } = recordingFamily();
    const predictor = createPredictor(
      optionsWith(yardsticks(armsOf({ fitted: [family], baselines: [], scorers: [VADER], lanes: LANES }))),
    );
    predictor.refitIfDue(START + HOUR_MS, historyUpTo(START));
    expect(fitted.map(({ columns }) => columns)).toEqual([
      [...NAMES, PAST_RETURN],
      ['return_1bar', PAST_RETURN],
      [...NAMES, PAST_RETURN],
      ['return_1bar', PAST_RETURN],
    ]);
    const row = rowAt(START + HOUR_MS);
    predictor.predict(row, momentOf(row), NOTHING_DEPLOYED);
    expect(predicted.map(({ values }) => values.at(-1))).toEqual([...twice(0.25), ...twice(0.75)]);
  });

  it('says what it says completely: maturity, direction, moment, aggregate', () => {
    const predictor = createPredictor(optionsWith(realArms()));
    const row = rowAt(START + HOUR_MS);
    predictor.refitIfDue(row.windowEnd, historyUpTo(START));
    const moment = { predictedAt: row.windowEnd + GRACE_MS, degraded: true };
    const predictions = predictor.predict(row, moment, NOTHING_DEPLOYED);
    expect(predictions).toHaveLength(6);
    expect(predictions[3]).toEqual({
      windowEnd: row.windowEnd,
      horizonMinutes: 1_440,
      arm: 'logistic+vader',
      modelVersion: `logistic@${utcDay(START)}`,
      probabilityUp: expect.any(Number) as number,
      direction: (predictions[3]?.probabilityUp ?? NaN) > 0.5 ? 'up' : 'down',
      sentiment: row.values[1],
      predictedAt: row.windowEnd + GRACE_MS,
      maturesAt: row.windowEnd + DAY_MS,
      degraded: true,
    });
    expect(predictions.map(({ sentiment }) => sentiment)).toEqual([
      row.values[1],
      null,
      null,
      row.values[1],
      null,
      null,
    ]);
  });

  it('tells the aggregate that the model read, whatever scorer its arm learns from next', () => {
    const arms = armsOf({
      fitted: [MODEL_FAMILIES.logistic],
      baselines: [],
      scorers: [VADER, SECOND],
      lanes: BOTH,
    });
    const predictor = createPredictor(optionsWith(arms, BOTH));
    const row = { ...rowAt(START), values: Float64Array.of(0.01, 0.25, -0.75) };
    const said = (scorer: string | null) => {
      const models = arms.map(({ name }) => constantly(name, { scorer }));
      const answers = predictor.predict(row, momentOf(row), { ...NOTHING_DEPLOYED, models });
      return answers.map(({ sentiment }) => sentiment);
    };
    expect(BOTH.names).toEqual([...NAMES, 'news_sentiment_4h[second@0.1.0]']);
    expect([said(VADER), said(SECOND), said(null)]).toEqual([
      [0.25, 0.25, 0.25],
      [-0.75, -0.75, -0.75],
      [null, null, null],
    ]);
  });

  it('has no sentiment to tell when there was no news', () => {
    const predictor = createPredictor(optionsWith(realArms()));
    predictor.refitIfDue(START + HOUR_MS, historyUpTo(START));
    const row = { ...rowAt(START + HOUR_MS), values: Float64Array.of(0.01, NaN) };
    const sentiments = predictor
      .predict(row, momentOf(row), NOTHING_DEPLOYED)
      .map(({ sentiment }) => sentiment);
    expect(new Set(sentiments)).toEqual(new Set([null]));
  });

  it('refuses to predict before the first fit', () => {
    const predictor = createPredictor(optionsWith(realArms()));
    const row = rowAt(START);
    expect(() => predictor.predict(row, momentOf(row), NOTHING_DEPLOYED)).toThrow(/nothing is fitted yet/);
  });

  it('lets governed arms answer by what is deployed, and only by that', () => {
    const { majority, logistic } = MODEL_FAMILIES;
    const arms = armsOf({ fitted: [logistic], baselines: [majority], scorers: [VADER], lanes: LANES });
    const predictor = createPredictor(optionsWith(arms));
    const row = rowAt(START + HOUR_MS);
    // A governed arm is not fitted here: the registry's versions answer for it.
    expect(predictor.refitIfDue(row.windowEnd, historyUpTo(START)).map(({ arm }) => arm)).toEqual(
      twice('baseline-majority'),
    );
    const said = (deployed: DeployedModels) =>
      predictor
        .predict(row, momentOf(row), deployed)
        .map(({ arm, horizonMinutes, modelVersion, probabilityUp, degraded }) =>
          arm === 'baseline-majority'
            ? [arm, horizonMinutes]
            : [arm, horizonMinutes, modelVersion, probabilityUp, degraded],
        );
    expect(said(NOTHING_DEPLOYED)).toEqual([
      ['baseline-majority', 60],
      ['baseline-majority', 1_440],
    ]);
    const models = [constantly('logistic+none'), constantly('logistic+vader', { expiresAt: START })];
    expect(said({ ...NOTHING_DEPLOYED, models })).toEqual([
      ['logistic+vader', 60, 'constant@1.0.0', 0.625, true],
      ['logistic+none', 60, 'constant@1.0.0', 0.625, false],
      ['baseline-majority', 60],
      ['baseline-majority', 1_440],
    ]);
  });

  it('keeps why a deployed model should rather give no direction, beside what it says', () => {
    const arms = armsOf({
      fitted: [MODEL_FAMILIES.logistic],
      baselines: [MODEL_FAMILIES.majority],
      scorers: [VADER],
      lanes: LANES,
    });
    const predictor = createPredictor(optionsWith(arms));
    const row = rowAt(START + HOUR_MS);
    predictor.refitIfDue(row.windowEnd, historyUpTo(START));
    const dissimilarity = { limit: 1.2, of: () => Float64Array.of(1.8), toJson: () => null };
    const models = [
      constantly('logistic+none', { dissimilarity }),
      constantly('logistic+vader', { expiresAt: START }),
    ];
    const said = predictor.predict(row, momentOf(row), { ...NOTHING_DEPLOYED, models });
    expect(said.map(({ arm, direction, abstention }) => [arm, direction, abstention]).slice(0, 3)).toEqual([
      ['logistic+vader', 'up', `model expired at ${isoUtc(START)}`],
      ['logistic+none', 'up', 'input unlike the training data: dissimilarity 1.80, limit 1.20'],
      ['baseline-majority', expect.any(String), undefined],
    ]);
  });

  it('leaves a deployed model that fails out of the window, and tells of it; without a listener it throws', () => {
    const { majority, logistic } = MODEL_FAMILIES;
    const arms = armsOf({ fitted: [logistic], baselines: [majority], scorers: [VADER], lanes: LANES });
    const predictor = createPredictor(optionsWith(arms));
    const row = rowAt(START + HOUR_MS);
    predictor.refitIfDue(row.windowEnd, historyUpTo(START));
    const broken = (predict: Model['predict']): Model => ({
      family: 'constant',
      predict,
      toJson: () => null,
    });
    const throwing = broken(() => {
      throw new Error('the tree has no root');
    });
    const models = [
      constantly('logistic+vader', { model: throwing }),
      constantly('logistic+vader', { horizonMinutes: 1_440 }),
      constantly('logistic+none', { model: broken(() => Float64Array.of(NaN)) }),
    ];
    const failures: ArmFailure[] = [];
    const onFailure = (failure: ArmFailure) => failures.push(failure);
    const deployed = { ...NOTHING_DEPLOYED, models };
    const said = predictor.predict(row, { ...momentOf(row), onFailure }, deployed);
    expect(said.map(({ arm, horizonMinutes }) => [arm, horizonMinutes])).toEqual([
      ['baseline-majority', 60],
      ['logistic+vader', 1_440],
      ['baseline-majority', 1_440],
    ]);
    const place = { windowEnd: row.windowEnd, horizonMinutes: 60, modelVersion: 'constant@1.0.0' };
    expect(failures).toMatchObject([
      { ...place, arm: 'logistic+vader', error: { message: 'the tree has no root' } },
      { ...place, arm: 'logistic+none', error: { message: expect.stringContaining('NaN') as string } },
    ]);
    expect(() => predictor.predict(row, momentOf(row), deployed)).toThrow('the tree has no root');
  });

  it('refuses what is no probability', () => {
    const { family } = recordingFamily(NaN);
    const predictor = createPredictor(
      optionsWith(armsOf({ fitted: [], baselines: [family], scorers: [], lanes: LANES })),
    );
    predictor.refitIfDue(START + HOUR_MS, historyUpTo(START));
    const row = rowAt(START + HOUR_MS);
    expect(() => predictor.predict(row, momentOf(row), NOTHING_DEPLOYED)).toThrow(
      /answered NaN, which is no probability/,
    );
  });
});

/** Two of the features side by side: one of price, one of sentiment. */
function lanesOf(...scorers: readonly string[]): FeatureLanes {
  return createFeatureLanes(
    scorers.map((scorer) => {
      const { definitions } = createFeatureSet({ barMinutes: 60, scorer });
      return createFeatureSet({
        barMinutes: 60,
        scorer,
        definitions: NAMES.flatMap((wanted) => definitions.filter(({ name }) => name === wanted)),
      });
    }),
  );
}

function optionsWith(arms: readonly Arm[], lanes = LANES): PredictorOptions {
  return {
    arms,
    horizonsMinutes: HORIZONS,
    lanes,
    firstFitAt: START,
    graceMs: GRACE_MS,
    seed: 1,
  };
}

function realArms(): Arm[] {
  const { logistic, 'sign-table': signTable } = MODEL_FAMILIES;
  return yardsticks(armsOf({ fitted: [logistic], baselines: [signTable], scorers: [VADER], lanes: LANES }));
}

/** The same arms, fitted on schedule, so that fits with and without sentiment can be watched. */
function yardsticks(arms: readonly Arm[]): Arm[] {
  return arms.map((arm) => ({ ...arm, isGoverned: false }));
}

/** A model that always says the same. */
function constantly(arm: string, changes: Partial<DeployedModels['models'][number]> = {}) {
  const model: Model = {
    family: 'constant',
    predict: ({ count }) => new Float64Array(count).fill(0.625),
    toJson: () => null,
  };
  return {
    ...{ arm, horizonMinutes: 60, modelVersion: 'constant@1.0.0', model, expiresAt: Infinity },
    scorer: arm.endsWith('+none') ? null : VADER,
    ...changes,
  };
}

/** Hourly rows from 20 days before START with the truths that a prophet would know: the predictor has to look away. */
function historyUpTo(upTo: number, hoursLate = 0): RowHistory {
  const history = createRowHistory({ featureNames: NAMES, horizonsMinutes: HORIZONS });
  for (let end = START - 20 * DAY_MS + HOUR_MS; end <= upTo; end += HOUR_MS) {
    history.append(rowAt(end));
    for (const horizonMinutes of HORIZONS) {
      const hour = end / HOUR_MS;
      history.learn({
        windowEnd: end,
        horizonMinutes,
        entryDelayMinutes: 0,
        outcome: (hour * 7 + horizonMinutes) % 5 < 2 ? 'up' : 'down',
        knownAt: end + horizonMinutes * MINUTE_MS + hoursLate * HOUR_MS + 5_000,
        futureReturn: Math.sin(hour),
      });
    }
  }
  return history;
}

function rowAt(windowEnd: number): WindowRow {
  const hour = windowEnd / HOUR_MS;
  return {
    windowEnd,
    values: Float64Array.of(Math.sin(hour), Math.cos(hour / 3)),
    pastReturns: [0.25, 0.75],
  };
}

function momentOf({ windowEnd }: WindowRow) {
  return { predictedAt: windowEnd + GRACE_MS, degraded: false };
}

function twice<Value>(value: Value): Value[] {
  return [value, value];
}

/** A family that learns nothing and remembers what it was shown. */
function recordingFamily(answer = 0.5) {
  const fitted: TrainingRows[] = [];
  const predicted: { values: Float64Array }[] = [];
  const family: ModelFamily = {
    name: 'recording',
    columns: null,
    parameters: {},
    fit(rows) {
      fitted.push(rows);
      return {
        family: 'recording',
        predict(asked) {
          predicted.push(asked);
          return new Float64Array(asked.count).fill(answer);
        },
        toJson: () => null,
      };
    },
    load: () => family.fit({} as TrainingRows, { seed: 0 }),
  };
  return { family, fitted, predicted };
}

/** Rows are one an hour from 20 days before START on. */
function lastWindowOf(rows: TrainingRows | undefined): number {
  return START - 20 * DAY_MS + (rows?.count ?? NaN) * HOUR_MS;
}
