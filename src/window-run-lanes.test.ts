import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestWorkspace } from '../test/database.ts';
import {
  createRunWorkspace,
  forgetRuns,
  importMarket,
  openTestRun,
  readLeftBehind,
  replayWindows,
  type LeftBehind,
} from '../test/run-workspace.ts';
import { createSecondScorer } from '../test/second-scorer.ts';
import { ASSET, BAR_MINUTES, ORIGIN } from '../test/simulated-market.ts';
import { createModels } from './compose.ts';
import { DAY_MS, HOUR_MS, readEvents, type EpochMs } from './core/index.ts';
import { readFeatureRows } from './features/index.ts';
import { createInputFeed } from './input-feed.ts';
import { HORIZONS_MINUTES, readPredictions, type DeployedModel } from './prediction/index.ts';
import { presentWindow, priceWithTexts, type ArmAnswer, type Sentiments } from './pricing.ts';
import { createArtifactStore, latestDeployment, type Manifest } from './registry/index.ts';
import { windowsBetween } from './run-window.ts';
import type { WorkspaceRun } from './window-run.ts';

const BARS = 9 * 24;
/** A Friday; the Monday after it lies within the run. */
const PREDICT_AFTER = ORIGIN + 4 * DAY_MS;
const WINDOWS = windowsBetween(ORIGIN, ORIGIN + BARS * HOUR_MS, BAR_MINUTES);
const LAST = ORIGIN + BARS * HOUR_MS;
const VADER = 'vader@1.0.0';
const SECOND = 'second@0.1.0';
const second = createSecondScorer();
const ONE = createModels(BAR_MINUTES);
const BOTH = createModels(BAR_MINUTES, { further: [second] });
const GOVERNED = ['logistic', 'trees'].flatMap((family) =>
  ['vader', 'second', 'none'].map((scorer) => `${family}+${scorer}`),
);

describe('a run with two scorers', () => {
  let workspace: TestWorkspace;
  /** What the reference alone leaves behind, and what both do. */
  let alone: LeftBehind;
  let both: LeftBehind;
  let run: WorkspaceRun;

  const open = (models = BOTH) => openTestRun(workspace, { predictAfter: PREDICT_AFTER, ...models });

  beforeAll(async () => {
    workspace = await createRunWorkspace();
    await importMarket(workspace, { seed: 11, bars: BARS, strength: 1 });
    await replayWindows(WINDOWS, await open(ONE));
    alone = await readLeftBehind(workspace);
    await forgetRuns(workspace);
    run = await open();
    await replayWindows(WINDOWS, run);
    both = await readLeftBehind(workspace);
  });
  afterAll(() => workspace.drop());

  it('has an arm of every family with each of them, and one with none', () => {
    expect(BOTH.arms.filter(({ isGoverned }) => isGoverned).map(({ name }) => name)).toEqual(GOVERNED);
    const { models } = run.learning.deployed;
    for (const horizon of HORIZONS_MINUTES) {
      const live = models.filter(({ horizonMinutes }) => horizonMinutes === horizon);
      expect(new Map(live.map(({ arm, scorer }) => [arm, scorer]))).toEqual(
        new Map(GOVERNED.map((arm) => [arm, scorerOf(arm)])),
      );
    }
    expect(both.feature_rows).toHaveLength(2 * BARS);
    expect(both.feature_state).toHaveLength(2);
    const predicted = WINDOWS.filter((windowEnd) => windowEnd > PREDICT_AFTER).length;
    expect(both.predictions).toHaveLength(predicted * (GOVERNED.length + 5) * HORIZONS_MINUTES.length);
  });

  it('says by every other arm bit for bit what it says without the second one', () => {
    const others = (lines: readonly string[]) => lines.filter((line) => !line.includes('second'));
    expect(others(both.predictions)).toEqual(alone.predictions);
    expect(others(both.scores)).toEqual(alone.scores);
    expect(both.outcomes).toEqual(alone.outcomes);
    const { version } = BOTH.featureSets[1]!;
    expect(both.feature_rows.filter((line) => !line.includes(version))).toEqual(alone.feature_rows);
    expect(both.feature_state.filter((line) => !line.includes(version))).toEqual(alone.feature_state);
  });

  it('learns by each arm from the columns of its own scorer alone', async () => {
    const versions = createArtifactStore(workspace.registryDir);
    const suffix = `[${SECOND}]`;
    let found = 0;
    for (const family of ['logistic', 'trees']) {
      const version = await versions.open(family, '1.0.0');
      for (const { arm, horizonMinutes } of version.manifest.models) {
        const text = JSON.stringify(await version.readModel(arm, horizonMinutes));
        const isRead = (name: string) => text.includes(JSON.stringify(name));
        const own = BOTH.featureSet.withoutSentiment.some(isRead);
        const further = BOTH.featureSet.withoutSentiment.some((name) => isRead(`${name}${suffix}`));
        if (!arm.endsWith('+vader')) expect(own, arm).toBe(false);
        if (!arm.endsWith('+second')) expect(further, arm).toBe(false);
        found += Number(own) + Number(further);
      }
    }
    // Of both scorers, of either family or horizon.
    expect(found).toBeGreaterThanOrEqual(4);
  });

  it('writes into a manifest whose features and scorer each model reads, and a recipe of its own', async () => {
    const [vader, other] = BOTH.featureSets;
    for (const family of ['logistic', 'trees']) {
      const manifest = await manifestOf(family);
      expect(manifest).toMatchObject({ featureSet: vader?.version, scorer: VADER });
      expect(manifest.models).toHaveLength(6);
      for (const { arm, featureSet, scorer } of manifest.models) {
        expect(scorer).toBe(scorerOf(arm));
        expect(featureSet).toBe(arm.endsWith('+second') ? other?.version : vader?.version);
      }
      const recipes = new Map(manifest.models.map(({ arm, recipe }) => [arm, recipe]));
      expect(new Set(recipes.values()).size).toBe(3);
      expect(recipes.size).toBe(3);
      // The same at both horizons.
      for (const { arm, recipe } of manifest.models) expect(recipe).toBe(recipes.get(arm));
    }
  });

  it('tells with a prediction the sentiment that its model read', async () => {
    const predictions = await readPredictions(workspace.pool, {
      asset: ASSET,
      after: PREDICT_AFTER,
      upTo: LAST,
      knownBy: Infinity,
    });
    for (const [lane, scorer] of ['vader', 'second'].entries()) {
      const featureSet = BOTH.featureSets[lane]!;
      const rows = await readFeatureRows(
        workspace.pool,
        { asset: ASSET, featureSet },
        { after: PREDICT_AFTER, upTo: LAST },
      );
      const place = featureSet.names.indexOf('news_sentiment_4h');
      const aggregates = new Map(
        [...rows.windowEnds].map((windowEnd, row) => {
          const value = rows.values[row * featureSet.names.length + place]!;
          return [windowEnd, Number.isNaN(value) ? null : value];
        }),
      );
      const own = predictions.filter(({ arm }) => arm.endsWith(`+${scorer}`));
      expect(own.length).toBeGreaterThan(400);
      for (const { windowEnd, sentiment } of own) expect(sentiment).toBe(aggregates.get(windowEnd));
    }
    const none = predictions.filter(({ arm }) => !/\+(vader|second)$/.test(arm));
    expect(new Set(none.map(({ sentiment }) => sentiment))).toEqual(new Set([null]));
  });

  describe('when texts are asked about', () => {
    let present: ReturnType<typeof presentWindow>;
    beforeAll(() => {
      present = presentWindow(run.memory, LAST);
    });

    const price = (sentiments: Sentiments, horizonMinutes = 60) =>
      priceWithTexts({
        present,
        deployed: run.learning.deployed,
        arms: BOTH.arms,
        asset: ASSET,
        horizonMinutes,
        sentiments,
        onFailure: (_: DeployedModel, error) => {
          throw error;
        },
      });
    const by = (...sentiments: [scorer: string, each: number[]][]) => new Map(sentiments);
    const armsOf = (answers: readonly ArmAnswer[]) => answers.map(({ arm }) => arm).sort();
    const withScorers = (...scorers: string[]) =>
      GOVERNED.filter((arm) => scorers.includes(arm.split('+')[1]!)).sort();

    it('without one says what the window itself said, by every arm', async () => {
      const predictions = await readPredictions(workspace.pool, {
        asset: ASSET,
        after: LAST - HOUR_MS,
        upTo: LAST,
        knownBy: Infinity,
      });
      for (const horizonMinutes of HORIZONS_MINUTES) {
        const said = predictions.filter(
          (each) => each.horizonMinutes === horizonMinutes && GOVERNED.includes(each.arm),
        );
        expect(
          new Map(
            price(null, horizonMinutes).map((each) => [each.arm, [each.probabilityUp, each.sentiment]]),
          ),
        ).toEqual(new Map(said.map((each) => [each.arm, [each.probabilityUp, each.sentiment]])));
        expect(said).toHaveLength(GOVERNED.length);
      }
    });

    it('leaves out the arms whose scorer said nothing of them', () => {
      expect(armsOf(price(by([VADER, [0.5]])))).toEqual(withScorers('vader', 'none'));
      expect(armsOf(price(by([SECOND, [0.5]])))).toEqual(withScorers('second', 'none'));
      expect(armsOf(price(by([VADER, [0.5]], [SECOND, [0.5]])))).toEqual(GOVERNED.toSorted());
      expect(armsOf(price(by(['second@0.2.0', [0.5]])))).toEqual(withScorers('none'));
      expect(armsOf(price(new Map()))).toEqual(withScorers('none'));
    });

    it('moves an arm by what its own scorer says, and by nothing else', () => {
      const of = (arm: string, answers: readonly ArmAnswer[]) => answers.find((each) => each.arm === arm)!;
      const both = (vader: number, other: number) => price(by([VADER, [vader]], [SECOND, [other]]));
      for (const [low, high] of [
        [-0.9, 0.9],
        [-0.2, 0.3],
      ] as const) {
        const plain = both(low, low);
        for (const family of ['logistic', 'trees']) {
          const [vader, other, none] = ['vader', 'second', 'none'].map((each) => `${family}+${each}`);
          expect(of(vader!, both(low, high))).toEqual(of(vader!, plain));
          expect(of(other!, both(high, low))).toEqual(of(other!, plain));
          expect(of(none!, both(high, high))).toEqual(of(none!, plain));
          expect(of(vader!, both(high, low)).sentiment!).toBeGreaterThan(of(vader!, plain).sentiment!);
          expect(of(other!, both(low, high)).sentiment!).toBeGreaterThan(of(other!, plain).sentiment!);
        }
        expect(of('logistic+second', both(low, high)).probabilityUp).not.toBe(
          of('logistic+second', plain).probabilityUp,
        );
      }
      // And what one of them says alone is what it says beside the other.
      expect(of('trees+vader', price(by([VADER, [0.4]])))).toEqual(of('trees+vader', both(0.4, -0.4)));
      expect(of('trees+second', price(by([SECOND, [0.4]])))).toEqual(of('trees+second', both(-0.4, 0.4)));
    });

    it('counts the features that an arm sees', () => {
      const answers = price(null);
      expect(new Map(answers.map(({ arm, featuresCount }) => [arm, featuresCount]))).toEqual(
        new Map(GOVERNED.map((arm) => [arm, arm.endsWith('+none') ? 11 : 15])),
      );
    });
  });

  it.each([97, 130, 169])('goes on after %i windows as if it had never stopped', async (count) => {
    await forgetRuns(workspace);
    await replayWindows(WINDOWS.slice(0, count), await open());
    await replayWindows(WINDOWS.slice(count), await open());
    expect(await readLeftBehind(workspace)).toEqual(both);
  });

  it('leaves a text without a score where the second scorer cannot answer live, and tells of it', async () => {
    const broken = { ...second, score: () => Promise.reject(new Error('out of order')) };
    const told: string[] = [];
    const whole = { ...run, scorers: [BOTH.scorer, createSecondScorer('0.2.0')] };
    const lame = { ...run, scorers: [BOTH.scorer, { ...broken, version: '0.2.0' }] };
    const range = { after: ORIGIN, upTo: ORIGIN + DAY_MS };
    const heard = await createInputFeed(whole, { aheadMs: 0 })(range);
    const missed = await createInputFeed(lame, {
      aheadMs: 0,
      onFailure: (scorer, error) => told.push(`${scorer} ${String(error)}`),
    })(range);
    expect(told).toEqual(['second@0.2.0 Error: out of order']);
    expect(heard.scores.length).toBeGreaterThan(50);
    expect(new Set(heard.scores.map(({ scorer }) => scorer))).toEqual(new Set(['second@0.2.0']));
    expect(missed.scores).toEqual([]);
    const withoutFurther = (inputs: typeof heard.inputs) => inputs.map((input) => ({ ...input, further: 0 }));
    expect(withoutFurther(missed.inputs)).toEqual(withoutFurther(heard.inputs));
    const further = missed.inputs.flatMap((input) => input.further ?? []);
    expect(new Set(further)).toEqual(new Set([null]));
    await expect(createInputFeed(lame, { aheadMs: 0 })(range)).rejects.toThrow('out of order');
  });

  it('refuses the models of a lane that is no longer computed, and goes on with the others where it may', async () => {
    const refusal = { code: 'REGISTRY_FEATURE_SET_MISMATCH' };
    const { models, champions } = (await latestDeployment(workspace.pool, ASSET))!.state;
    expect(models.filter(({ arm }) => arm.endsWith('+second'))).toHaveLength(4);
    await expect(open(ONE)).rejects.toMatchObject(refusal);
    const at: EpochMs = LAST + HOUR_MS;
    const left = await openTestRun(workspace, { predictAfter: PREDICT_AFTER, ...ONE, refusedAt: at });
    expect(left.learning.deployed.models.map(({ arm }) => arm).sort()).toEqual(
      models
        .map(({ arm }) => arm)
        .filter((arm) => !arm.endsWith('+second'))
        .sort(),
    );
    // The ledger says the same as before.
    expect(left.learning.deployed.champions.size).toBe(champions.length);
    const events = await readEvents(workspace.pool, { limit: 99 });
    const refused = events.filter(({ kind }) => kind === 'registry.version-refused');
    expect(new Set(refused.map(({ facts }) => facts['code']))).toEqual(new Set([refusal.code]));
    expect(new Set(refused.map(({ facts }) => facts['modelVersion']))).toEqual(
      new Set(['logistic@1.0.0', 'trees@1.0.0']),
    );
    // The same lane computed by another version of its scorer is another lane.
    const newer = createModels(BAR_MINUTES, { further: [createSecondScorer('0.2.0')] });
    await expect(open(newer)).rejects.toMatchObject(refusal);
  });

  async function manifestOf(family: string): Promise<Manifest> {
    return (await createArtifactStore(workspace.registryDir).open(family, '1.0.0')).manifest;
  }
});

function scorerOf(arm: string): string | null {
  return arm.endsWith('+none') ? null : arm.endsWith('+second') ? SECOND : VADER;
}
