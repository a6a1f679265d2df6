import { describe, expect, it } from 'vitest';
import { AppError, isoUtc } from '../core/index.ts';
import {
  compareDirections,
  createFitPool,
  MODEL_FAMILIES,
  selectColumns,
  type FitPool,
} from '../models/index.ts';
import { ABLATION_COLUMNS, type Ablation, type AblationColumns } from '../registry/index.ts';
import { decideGate } from './gate.ts';
import { JUDGED_MS, prepareHorizon } from './learning-data.ts';
import { armsFor, makeMarket, makeRequest, POSTS, SCORER, type MarketOptions } from './market.contract.ts';
import { retrain } from './pipeline.ts';
import type { RetrainingRequest } from './retraining.ts';

const { logistic, trees } = MODEL_FAMILIES;
const AT = makeRequest().at;
const withPosts = [armsFor(logistic, { posts: true })];

async function trained(options: MarketOptions, changes: Partial<RetrainingRequest> = {}) {
  return retrain(makeRequest({ families: withPosts, ...changes }, makeMarket(options)));
}

const told = trained({ strength: 0.25, posts: 0 });

function variantOf({ variants }: Ablation, columns: AblationColumns) {
  return variants.find((variant) => variant.columns === columns)!;
}

/** Fits in this thread and remembers the columns of each fit. */
function watchedPool(): FitPool & { fits: string[][] } {
  const own = createFitPool({ threads: 0 });
  const fits: string[][] = [];
  return {
    ...own,
    fits,
    fit(family, rows, options) {
      fits.push([...rows.columns]);
      return own.fit(family, rows, options);
    },
  };
}

describe('an ablation', () => {
  it('finds that the news help where they carry the signal, and that posts do not', async () => {
    const { ablations } = await told;
    expect(ablations.map(({ arm, horizonMinutes }) => `${arm} ${horizonMinutes}`)).toEqual([
      'logistic+vader 60',
      'logistic+vader 1440',
    ]);
    const [hour] = ablations;
    for (const columns of ['price+sentiment', 'all'] as const) {
      const { low, gainLow, mcnemar, dieboldMariano } = variantOf(hour!, columns);
      expect(low, columns).toBeGreaterThan(0);
      expect(gainLow, columns).toBeGreaterThan(0);
      expect(mcnemar, columns).toBeLessThan(0.01);
      expect(dieboldMariano, columns).toBeLessThan(0.01);
    }
    const posts = variantOf(hour!, 'price+social');
    expect([posts.low! < 0, posts.high! > 0, posts.gainLow! < 0, posts.mcnemar! > 0.05]).toEqual(
      Array(4).fill(true),
    );
  });

  it('finds that posts help where they carry it', async () => {
    const [hour] = (await trained({ strength: 0, posts: 0.25 })).ablations;
    expect(variantOf(hour!, 'price+social').low).toBeGreaterThan(0);
    expect(variantOf(hour!, 'price+social').gainLow).toBeGreaterThan(0);
    expect(variantOf(hour!, 'price+sentiment').gainLow).toBeLessThan(0);
  });

  it('covers 0 on noise, and says of one in forty at most that something helps', async () => {
    const { ablations } = await trained({ strength: 0, posts: 0, seed: 11 });
    for (const { columns, low, high, gainLow } of ablations[0]!.variants.slice(1)) {
      expect([low! <= 0, high! >= 0, gainLow! <= 0], columns).toEqual([true, true, true]);
    }
    // 150 such markets: an interval lay above 0 in 0.7 to 2.7 % of them, whatever the columns and the horizon.
    const found: boolean[] = [];
    for (let seed = 100; seed < 116; seed += 1) {
      for (const { variants } of (await trained({ weeks: 18, strength: 0, posts: 0, seed })).ablations) {
        found.push(...variants.slice(1).flatMap(({ low, gainLow }) => [low! > 0, gainLow! > 0]));
      }
    }
    expect(found.filter(Boolean).length / found.length).toBeLessThan(0.04);
  });

  it('holds the fits of the arms against each other as the gate would, on the same windows', async () => {
    const { ablations, trained: made, drafts } = await told;
    for (const ablation of ablations) {
      const { horizonMinutes, seed, n, from, to } = ablation;
      const gateOf = (arm: string) =>
        made.find((each) => each.arm === arm && each.horizonMinutes === horizonMinutes)!.gateModel!;
      const request = makeRequest({ families: withPosts }, makeMarket({ strength: 0.25, posts: 0 }));
      const data = prepareHorizon(request.rowsAt(horizonMinutes), { ...request, horizonMinutes });
      const { judged } = data;
      const [own, plain] = ['logistic+vader', 'logistic+none'].map((arm) => gateOf(arm).predict(judged.rows));
      const all = variantOf(ablation, 'all');
      const gate = decideGate({
        candidate: judged.onGrid(own!),
        incumbent: judged.onGrid(plain!),
        labels: judged.gridLabels,
        ...{
          kind: 'champion',
          barMinutes: 60,
          horizonMinutes,
          agreement: 0,
          isExpired: false,
          level: 0.95,
          seed,
        },
      });
      expect([all.gain, n]).toEqual([gate.gain, gate.n]);
      // Two-sided at 95 % is wider than two bounds of 95 % each.
      expect(all.gainLow).toBeLessThan(gate.low);
      const { labels, windowEnds } = judged;
      const rows = { probabilities: own!, labels, windowEnds, barMinutes: 60, horizonMinutes, seed };
      const paired = compareDirections(rows, plain!);
      expect(all).toMatchObject({
        accuracyDifference: paired.accuracyDifference,
        mcnemar: paired.mcnemar,
        dieboldMariano: paired.dieboldMariano,
      });
      expect(all.low).toBeLessThan(paired.low);
      expect(variantOf(ablation, 'price').accuracyDifference).toBeNull();
      for (const [columns, arm] of [
        ['price', 'logistic+none'],
        ['all', 'logistic+vader'],
      ] as const) {
        const { metrics } = drafts[0]!.manifest.models.find(
          (model) => model.arm === arm && model.horizonMinutes === horizonMinutes,
        )!;
        const { accuracy, logLoss } = variantOf(ablation, columns);
        expect([accuracy, logLoss, n]).toEqual([metrics['accuracy'], metrics['logLoss'], metrics['n']]);
      }
      expect(isoUtc(from!)).toBe('2022-01-03T01:00:00Z');
      expect(isoUtc(to!)).toBe(horizonMinutes === 60 ? '2022-02-27T23:00:00Z' : '2022-02-27T00:00:00Z');
      const alone = logistic.fit(
        selectColumns(
          data.gateRows!.rows,
          data.all.columns.filter((name) => name !== POSTS),
        ),
        { seed },
      );
      const { accuracyDifference } = compareDirections(
        { ...rows, probabilities: alone.predict(judged.rows) },
        plain!,
      );
      expect(variantOf(ablation, 'price+sentiment').accuracyDifference).toBe(accuracyDifference);
    }
  });

  it('belongs to the version, and names seed and scorer; where windows overlap McNemar says nothing', async () => {
    const { ablations, recordedAt } = await told;
    for (const ablation of ablations) {
      expect(ablation).toMatchObject({
        at: recordedAt,
        modelVersion: 'logistic@1.0.0',
        scorer: SCORER,
        seed: 3,
      });
      expect(ablation.variants.map(({ columns }) => columns)).toEqual(ABLATION_COLUMNS);
    }
    expect(ablations[1]!.variants.map(({ mcnemar }) => mcnemar)).toEqual(Array(4).fill(null));
    expect(variantOf(ablations[1]!, 'all').dieboldMariano).not.toBeNull();
  });

  it('costs two fits an arm and horizon more, and none where nobody posts: then the news are all', async () => {
    const pool = watchedPool();
    await trained({ posts: 0 }, { pool });
    expect(pool.fits).toHaveLength(8 + 4);
    expect(pool.fits.slice(8).map((columns) => columns.filter((name) => /news|social/.test(name)))).toEqual(
      [0, 1].flatMap(() => [['news_sentiment_4h'], [POSTS]]),
    );
    const silent = watchedPool();
    const { ablations } = await trained({}, { pool: silent, families: [armsFor(logistic)] });
    expect(silent.fits).toHaveLength(8);
    const { reason, ...news } = variantOf(ablations[0]!, 'price+sentiment');
    expect(news).toEqual({
      ...variantOf(ablations[0]!, 'all'),
      columns: 'price+sentiment',
      reason: undefined,
    });
    expect(reason).toContain('the fit of all stands for this one');
    expect(variantOf(ablations[0]!, 'price+social')).toMatchObject({
      gain: null,
      reason:
        'No window that was learnt from has anything that vader@1.0.0 says of posts. So nothing can be seen of it.',
    });
  });

  it('takes a column without a single value for one that is not there', async () => {
    const market = makeMarket({ posts: 0 });
    const empty = (names: readonly string[]) => (horizonMinutes: number) => {
      const rows = market.rowsAt(horizonMinutes, AT - 60_000);
      const places = names.map((name) => rows.columns.indexOf(name));
      const width = rows.columns.length;
      return { ...rows, values: rows.values.map((value, at) => (places.includes(at % width) ? NaN : value)) };
    };
    const pool = watchedPool();
    const noPosts = await trained({}, { pool, rowsAt: empty([POSTS]) });
    expect(pool.fits).toHaveLength(8);
    expect(variantOf(noPosts.ablations[0]!, 'price+social').reason).toContain('nothing can be seen of it');
    const noNews = await trained({}, { rowsAt: empty(['news_sentiment_4h']) });
    expect(variantOf(noNews.ablations[0]!, 'price+sentiment').gain).toBeNull();
    expect(variantOf(noNews.ablations[0]!, 'price+social').reason).toContain('the fit of all stands');
    const neither = await trained({}, { rowsAt: empty(['news_sentiment_4h', POSTS]) });
    const [price, ...others] = neither.ablations[0]!.variants;
    expect(price!.accuracy).toBeGreaterThan(0.4);
    expect(others.map(({ gain, reason }) => [gain, reason])).toEqual(
      Array(3).fill([
        null,
        'No window that was learnt from has anything that vader@1.0.0 says of news. No window that was learnt from has anything that vader@1.0.0 says of posts.',
      ]),
    );
  });

  it('sees nothing of posts in weeks in which hardly anybody posted, however much was learnt before', async () => {
    const market = makeMarket({ posts: 0.25 });
    const pool = watchedPool();
    const { ablations } = await trained(
      {},
      {
        pool,
        rowsAt(horizonMinutes) {
          const rows = market.rowsAt(horizonMinutes, AT - 60_000);
          const [width, place] = [rows.columns.length, rows.columns.indexOf(POSTS)];
          const first = rows.windowEnds.findIndex((end) => end > AT - JUDGED_MS);
          const isGone = (at: number) => at % width === place && at >= (first + 191) * width;
          return { ...rows, values: rows.values.map((value, at) => (isGone(at) ? NaN : value)) };
        },
      },
    );
    // Posts were learnt from before, so what the news alone are worth takes a fit without them, at each horizon.
    expect(pool.fits).toHaveLength(10);
    expect(variantOf(ablations[0]!, 'price+social')).toMatchObject({
      gain: null,
      reason:
        'Only 191 of the 1344 windows that judge have anything that vader@1.0.0 says of posts, and 192 are needed. So nothing can be seen of it.',
    });
    expect(variantOf(ablations[0]!, 'price+sentiment').gain).not.toBeNull();
    expect(variantOf(ablations[0]!, 'price+sentiment').reason).toBeNull();
  });

  it('says why it cannot compare: too short a past, a scorer younger than the windows, a fit that fails', async () => {
    const young = await trained({ weeks: 8, posts: 0 });
    const late = await trained({ posts: 0 }, { knownSince: new Map([[SCORER, AT - 1]]) });
    for (const [{ ablations }, words] of [
      [young, /Fewer than 500 windows had matured/],
      [late, /hindsight and proves nothing/],
    ] as const) {
      expect(ablations).toHaveLength(2);
      for (const { n, from, to, variants } of ablations) {
        expect([n, from, to]).toEqual([0, null, null]);
        for (const { accuracy, gain, reason } of variants) {
          expect([accuracy, gain]).toEqual([null, null]);
          expect(reason).toMatch(words);
        }
      }
    }
    const own = createFitPool({ threads: 0 });
    const failing = (error: Error): FitPool => ({
      ...own,
      fit: (family, rows, options) =>
        rows.columns.includes(POSTS) && !rows.columns.includes('news_sentiment_4h')
          ? Promise.reject(error)
          : own.fit(family, rows, options),
    });
    const broken = await trained({ posts: 0 }, { pool: failing(new Error('no room')) });
    expect(broken.runs[0]!.status).toBe('done');
    expect(variantOf(broken.ablations[0]!, 'price+social')).toMatchObject({
      gain: null,
      reason: 'It could not be fitted: no room',
    });
    expect(variantOf(broken.ablations[0]!, 'price+sentiment').gain).toBeGreaterThan(0);
    const stopped = new AppError({
      ...{ code: 'MODEL_FIT_STOPPED', message: 'closed', status: 503, retryable: true },
    });
    await expect(trained({ posts: 0 }, { pool: failing(stopped) })).rejects.toBe(stopped);
  });

  it('is made for every family with a scorer, and for none without', async () => {
    const families = [armsFor(trees, { posts: true }), armsFor(logistic, { posts: true })];
    const { ablations } = await trained({ weeks: 24, posts: 0 }, { families });
    expect(ablations.map(({ arm, horizonMinutes }) => `${arm} ${horizonMinutes}`)).toEqual([
      'trees+vader 60',
      'logistic+vader 60',
      'trees+vader 1440',
      'logistic+vader 1440',
    ]);
    const blind = families.map(({ family, arms }) => ({
      family,
      arms: arms.filter(({ scorer }) => scorer === null),
    }));
    expect((await trained({ weeks: 24, posts: 0 }, { families: blind })).ablations).toEqual([]);
  });
});
