import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError, DAY_MS, HOUR_MS, type EpochMs } from '../core/index.ts';
import { createFitPool, MODEL_FAMILIES, type FitPool, type ModelFamily } from '../models/index.ts';
import type { Arm } from '../prediction/index.ts';
import { championArm, liveVersion } from '../registry/index.ts';
import { stateAfter } from './decisions.ts';
import { armsFor, following, makeMarket, makeRequest, MONDAY, SCORER } from './market.contract.ts';
import { retrain } from './pipeline.ts';
import type { Retraining } from './retraining.ts';

const { logistic, majority, trees } = MODEL_FAMILIES;
const isFull = process.env.BELLWETHER_TEST_FULL === '1';
const NEWER_SCORER = [{ version: 'f1', scorer: 'vader@1.0.1' }];
const OTHER_FEATURES = [{ version: 'f2', scorer: SCORER }];
const market = makeMarket();
const first = retrain(makeRequest({}, market));
const next = async (changes: Parameters<typeof following>[1] = {}) =>
  retrain(makeRequest(following(await first, changes), market));

/** Fits in this thread, but the later a fit was asked for the sooner it is given. */
function turnedPool(): FitPool {
  let asked = 0;
  const own = createFitPool({ threads: 0 });
  return {
    ...own,
    async fit(family, rows, options) {
      asked += 1;
      const turns = 40 - asked;
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      return own.fit(family, rows, options);
    },
  };
}

function poolFailing(on: string, error: unknown = new Error('the dice fell off the table')): FitPool {
  const own = createFitPool({ threads: 0 });
  return {
    ...own,
    fit: (family, rows, options) => (family === on ? Promise.reject(error) : own.fit(family, rows, options)),
  };
}

/** What would be written, in one hash. */
function bytesOf({ drafts, runs, decisions, changes, events, ablations }: Retraining): string {
  const contents = drafts.map(({ manifest, contents }) => [manifest, [...contents]]);
  const text = JSON.stringify([contents, runs, decisions, changes, events, ablations]);
  return createHash('sha256').update(text).digest('hex');
}

describe('a first training', () => {
  it('makes one version with a model and a gate fit per arm and horizon, all of them live', async () => {
    const { drafts, changes, decisions, runs, trained } = await first;
    expect(drafts).toHaveLength(1);
    const { manifest, contents } = drafts[0]!;
    expect(manifest).toMatchObject({
      family: 'logistic',
      version: '1.0.0',
      parent: null,
      parameters: logistic.parameters,
      trainedAt: '2022-02-28T00:01:00Z',
      expiresAt: '2022-03-28T00:01:00Z',
    });
    expect([...contents.keys()]).toEqual(
      ['logistic+vader-60', 'logistic+none-60', 'logistic+vader-1440', 'logistic+none-1440'].flatMap(
        (stem) => [`${stem}.json`, `${stem}.gate.json`, `${stem}.dissimilarity.json`],
      ),
    );
    expect(manifest.models[0]).toMatchObject({ rows: 39 * 168 - 1, to: '2022-02-27T23:00:00Z' });
    expect(decisions.every(({ kind, verdict }) => kind === 'first' && verdict === 'promoted')).toBe(true);
    expect(changes.filter(({ kind }) => kind === 'model')).toHaveLength(4);
    expect(changes.filter(({ kind }) => kind === 'champion')).toEqual([
      { kind: 'champion', horizonMinutes: 60, from: null, to: 'logistic+vader' },
      { kind: 'champion', horizonMinutes: 1_440, from: null, to: 'logistic+vader' },
    ]);
    expect(runs).toMatchObject([{ status: 'done', version: '1.0.0', trigger: 'first', trials: 1 }]);
    expect(trained.map(({ modelVersion }) => modelVersion)).toEqual(Array(4).fill('logistic@1.0.0'));
  });

  it('measures the gate fit on eight weeks that it has not seen', async () => {
    const { drafts, runs } = await first;
    const metrics = drafts[0]!.manifest.models[0]!.metrics;
    expect(metrics['n']).toBe(1_343);
    expect(metrics['accuracy']).toBeGreaterThan(0.54);
    expect(metrics['accuracy']).toBeLessThan(0.64);
    expect(metrics['accuracyLow']).toBeLessThan(metrics['accuracy']!);
    expect(metrics['agreement']).toBeLessThan(0.05);
    // The best of five baselines on the same windows: never less than always saying what came more often, by much.
    expect(metrics['bestBaseline']).toBeGreaterThan(0.48);
    expect(metrics['bestBaseline']).toBeLessThan(metrics['accuracy']!);
    expect(runs[0]!.metrics['logistic+vader 60 auc']).toBe(metrics['auc']);
  });

  it('leaves no trace of the last eight weeks in a gate fit, nor of the unknown in a model', async () => {
    const until = MONDAY - 7 * DAY_MS - 56 * DAY_MS;
    const later = makeMarket({ seed: 2 });
    const patched = (horizonMinutes: number) => {
      const rows = market.rowsAt(horizonMinutes, MONDAY - 7 * DAY_MS);
      const others = later.rowsAt(horizonMinutes, MONDAY - 7 * DAY_MS);
      const width = rows.columns.length;
      const from = rows.windowEnds.findIndex((end) => end + horizonMinutes * 60_000 > until);
      return {
        ...rows,
        values: rows.values.map((value, place) => (place >= from * width ? others.values[place]! : value)),
        labels: rows.labels.map((label, row) => (row >= from ? others.labels[row]! : label)),
      };
    };
    const patchedTraining = await retrain(makeRequest({ rowsAt: patched }, market));
    const [original, changed] = [(await first).drafts[0]!.contents, patchedTraining.drafts[0]!.contents];
    for (const [path, text] of original) {
      expect(changed.get(path) === text, path).toBe(path.endsWith('.gate.json'));
    }
  });

  it('makes models without gate fits where the past is too short, and from nothing at all', async () => {
    const short = makeMarket({ weeks: 8 });
    const young = await retrain(makeRequest({}, short));
    expect(young.drafts[0]!.manifest.models.map(({ gateFile }) => gateFile)).toEqual(Array(4).fill(null));
    expect(young.drafts[0]!.manifest.models[0]!.metrics).toEqual({ agreement: null });
    expect(young.changes).toHaveLength(6);
    const empty = await retrain(makeRequest({ rowsAt: (horizon) => market.rowsAt(horizon, 0) }));
    expect(empty.drafts[0]!.manifest.models[0]).toMatchObject({ rows: 0, from: null, to: null });
    expect(empty.runs[0]!.status).toBe('done');
  });

  it('is provisional where nobody could judge it, and degraded from the first window where it learnt from next to nothing', async () => {
    const expiryOf = async (changes: Parameters<typeof makeRequest>[0], weeks?: number) =>
      (await retrain(makeRequest(changes, weeks === undefined ? market : makeMarket({ weeks })))).drafts[0]!
        .manifest;
    // Until the decision of the next Monday's window, which then replaces it without a comparison.
    expect((await expiryOf({}, 8)).expiresAt).toBe('2022-03-07T00:01:00Z');
    const empty = await expiryOf({ rowsAt: (horizon) => market.rowsAt(horizon, 0) });
    expect(empty.expiresAt).toBe(empty.trainedAt);
    const before = await retrain(makeRequest({}, makeMarket({ weeks: 8 })));
    const after = await retrain(makeRequest(following(before, { families: [armsFor(logistic)] }), market));
    const refreshes = after.decisions.filter(({ kind }) => kind === 'refresh');
    expect(refreshes.map(({ verdict }) => verdict)).toEqual(Array(4).fill('promoted'));
    expect(refreshes[0]!.reason).toContain('has expired');
  });

  it('takes another champion where the first choice is not live', async () => {
    const { changes } = await retrain(makeRequest({ firstChampion: 'trees+vader' }, market));
    expect(changes.find(({ kind }) => kind === 'champion')).toMatchObject({ to: 'logistic+none' });
  });
});

describe('a retraining', () => {
  it('pairs each candidate with what is live and promotes refreshes that are no worse', async () => {
    const { decisions, changes, drafts, runs } = await next();
    const refreshes = decisions.filter(({ kind }) => kind === 'refresh');
    expect(refreshes).toHaveLength(4);
    expect(refreshes[0]).toMatchObject({
      at: MONDAY + 60_001,
      arm: 'logistic+vader',
      candidate: 'logistic@1.0.1',
      incumbent: 'logistic@1.0.0',
      incumbentArm: 'logistic+vader',
      n: 1_343,
      threshold: -0.002,
      verdict: 'promoted',
    });
    expect(changes[0]).toEqual({
      kind: 'model',
      arm: 'logistic+vader',
      horizonMinutes: 60,
      from: 'logistic@1.0.0',
      to: 'logistic@1.0.1',
    });
    expect(drafts[0]!.manifest.parent).toBe('logistic@1.0.0');
    expect(runs[0]!.trigger).toBe('schedule');
    expect(refreshes[2]!.n).toBe(1_344 - 24);
  });

  it('takes another feature set for another recipe, which has to be shown to be better', async () => {
    const { decisions, changes } = await next({ featureSets: OTHER_FEATURES });
    const own = decisions.filter(({ kind }) => kind !== 'champion');
    expect(own.map(({ kind, threshold }) => [kind, threshold])).toEqual(Array(4).fill(['change', 0]));
    expect(own.every(({ verdict }) => verdict === 'refused')).toBe(true);
    expect(changes).toEqual([]);
  });

  it('replaces what has expired although the new recipe is not shown to be better', async () => {
    const { decisions } = await next({ featureSets: OTHER_FEATURES, at: MONDAY + 60_000 });
    expect(decisions[0]!.verdict).toBe('refused');
    const before = await retrain(makeRequest({ expiryDays: 5 }, market));
    const after = await retrain(makeRequest(following(before, { featureSets: OTHER_FEATURES }), market));
    expect(after.decisions[0]).toMatchObject({ kind: 'change', verdict: 'promoted' });
    expect(after.decisions[0]!.reason).toContain('The incumbent has expired');
  });

  it('makes the arm champion that is shown to be better, and lets it stay', async () => {
    const before = await retrain(makeRequest({ firstChampion: 'logistic+none' }, market));
    const after = await retrain(makeRequest(following(before), market));
    const found = after.decisions.find(
      ({ kind, horizonMinutes }) => kind === 'champion' && horizonMinutes === 60,
    )!;
    expect(found).toMatchObject({
      arm: 'logistic+vader',
      incumbentArm: 'logistic+none',
      candidate: 'logistic@1.0.1',
      verdict: 'promoted',
    });
    expect(found.low).toBeGreaterThan(0);
    const state = stateAfter(following(before).live!, after.changes);
    expect(championArm(state, 60)).toBe('logistic+vader');
    expect(after.events.find(({ kind }) => kind === 'retraining.champion-changed')).toMatchObject({
      severity: 'info',
      facts: { horizonMinutes: 60, from: 'logistic+none', to: 'logistic+vader', reason: found.reason },
    });
    const stays = (await next()).decisions.find(({ kind }) => kind === 'champion')!;
    expect(stays).toMatchObject({ arm: 'logistic+none', verdict: 'refused' });
  });

  it('does not judge an arm by windows that its scorer is younger than', async () => {
    const before = await retrain(makeRequest({ firstChampion: 'logistic+none' }, market));
    const at = following(before).at!;
    const since = (moment: EpochMs) => ({ ...following(before), knownSince: new Map([[SCORER, moment]]) });
    const young = await retrain(makeRequest(since(at - 7 * DAY_MS), market));
    const barred = young.decisions.filter(({ kind }) => kind === 'champion');
    expect(barred.map(({ arm, verdict, n }) => [arm, verdict, n])).toEqual([
      ['logistic+vader', 'refused', 0],
      ['logistic+vader', 'refused', 0],
    ]);
    expect(barred[0]!.reason).toContain('is hindsight');
    expect(young.changes.filter(({ kind }) => kind === 'champion')).toEqual([]);
    // It answers all the same, and can become champion by windows that it has not seen.
    expect(young.changes).toContainEqual(expect.objectContaining({ kind: 'model', arm: 'logistic+vader' }));
    const old = await retrain(makeRequest(since(at - 57 * DAY_MS), market));
    expect(old.changes.filter(({ kind }) => kind === 'champion')).not.toEqual([]);
  });

  it('makes one arm champion where several are shown to be better, each at a level that counts the others', async () => {
    const own = createFitPool({ threads: 0 });
    const pool: FitPool = { ...own, fit: (_, rows, options) => own.fit('logistic', rows, options) };
    const families = [armsFor(logistic), armsFor({ ...logistic, name: 'twin' })];
    const before = await retrain(makeRequest({ families, pool, firstChampion: 'logistic+none' }, market));
    const { decisions, changes } = await retrain(makeRequest(following(before, { families, pool }), market));
    const tries = decisions.filter(
      ({ kind, horizonMinutes }) => kind === 'champion' && horizonMinutes === 60,
    );
    expect(tries.map(({ arm, verdict }) => [arm, verdict])).toEqual([
      ['logistic+vader', 'promoted'],
      ['twin+none', 'refused'],
      ['twin+vader', 'refused'],
    ]);
    expect(tries[0]!.reason).toContain('98.33 % bounds');
    expect(tries[2]!.reason).toContain('But logistic+vader is better still');
    const champions = changes.filter(
      ({ kind, horizonMinutes }) => kind === 'champion' && horizonMinutes === 60,
    );
    expect(champions).toMatchObject([{ to: 'logistic+vader' }]);
  });

  it('leaves everything of a family whose fit throws as it was, champions too, and goes on with the others', async () => {
    const families = [armsFor(logistic), armsFor(majority)];
    const before = await retrain(makeRequest({ families, firstChampion: 'majority+none' }, market));
    const request = following(before, { families, pool: poolFailing('logistic') });
    const { runs, events, drafts, changes, decisions } = await retrain(makeRequest(request, market));
    expect(runs).toMatchObject([
      { family: 'logistic', status: 'failed', version: null, reason: 'the dice fell off the table' },
      { family: 'majority', status: 'done' },
    ]);
    expect(drafts.map(({ manifest }) => manifest.family)).toEqual(['majority']);
    const state = stateAfter(request.live!, changes);
    expect(liveVersion(state, { arm: 'logistic+vader', horizonMinutes: 60 })).toBe('logistic@1.0.0');
    expect(liveVersion(state, { arm: 'majority+none', horizonMinutes: 60 })).toBe('majority@1.0.1');
    expect(championArm(state, 60)).toBe('majority+none');
    expect(decisions.some(({ kind }) => kind === 'champion')).toBe(false);
    expect(events.filter(({ severity }) => severity === 'critical')).toMatchObject([
      { kind: 'retraining.failed', asset: 'BTC-USD', facts: { family: 'logistic' } },
    ]);
  });

  it('raises what stopped the pool instead of calling the fit failed', async () => {
    const code = 'MODEL_FIT_STOPPED';
    const stopped = new AppError({ code, message: 'closed', status: 503, retryable: true });
    await expect(retrain(makeRequest({ pool: poolFailing('logistic', stopped) }, market))).rejects.toBe(
      stopped,
    );
  });

  it('skips on data with a fault, with a warning, unless nothing is live', async () => {
    const stale = { rowsAt: (horizon: number) => market.rowsAt(horizon, MONDAY - 4 * DAY_MS) };
    const { runs, events, drafts, changes, decisions } = await next(stale);
    expect(runs).toMatchObject([{ status: 'skipped', version: null }]);
    expect(runs[0]!.reason).toBe(
      'The newest truth at 60 minutes is that of 2022-03-02T23:00:00Z, 96 h overdue; 48 h are allowed.',
    );
    expect([drafts, changes, decisions]).toEqual([[], [], []]);
    expect(events).toMatchObject([
      { kind: 'retraining.skipped', severity: 'warning', facts: { families: ['logistic'] } },
    ]);
    const begun = await retrain(makeRequest({ at: MONDAY + DAY_MS * 4, ...stale }, market));
    expect(begun.runs[0]!.status).toBe('done');
  });

  it('raises an event for each promotion and refusal', async () => {
    const { events, decisions } = await next();
    const own = decisions.filter(({ kind }) => kind !== 'champion');
    expect(events.map(({ kind }) => kind)).toEqual(own.map(({ verdict }) => `retraining.${verdict}`));
    expect(new Set(events.map(({ dedupKey }) => dedupKey)).size).toBe(events.length);
  });

  it('lets nobody try for champion when it is made by hand', async () => {
    const { decisions } = await next({ trigger: 'hand' });
    expect(decisions).not.toHaveLength(0);
    expect(decisions.filter(({ kind }) => kind === 'champion')).toEqual([]);
  });

  it('refuses a request whose live model was not handed over', async () => {
    await expect(next({ incumbents: () => Promise.resolve(null) })).rejects.toThrow(
      'no model of it was handed over',
    );
  });

  it('tells how far it is', async () => {
    const told: string[] = [];
    await next({ onProgress: ({ done, total }) => told.push(`${done}/${total}`) });
    expect(told).toEqual(Array.from({ length: 8 }, (_, place) => `${place + 1}/8`));
  });
});

describe('the same request', () => {
  const again = async (pool: FitPool) => {
    const families = [armsFor(trees), armsFor(logistic)];
    const small = makeMarket({ weeks: 15 });
    const before = await retrain(makeRequest({ families }, small));
    try {
      return bytesOf(await retrain(makeRequest(following(before, { families, pool }), small)));
    } finally {
      await pool.close();
    }
  };

  it('gives the same bytes, in whatever order the fits end', async () => {
    expect(await again(turnedPool())).toBe(await again(createFitPool({ threads: 0 })));
  });

  it.runIf(isFull)('gives the same bytes with two threads as with none', async () => {
    expect(await again(createFitPool({ threads: 2 }))).toBe(await again(createFitPool({ threads: 0 })));
  });

  it('has the same data hash for any bits of NaN, and another one for any other value', async () => {
    const small = makeMarket({ weeks: 8 });
    const hashOf = async (change: (values: Float64Array) => void) => {
      const rowsAt = (horizon: number) => {
        const rows = small.rowsAt(horizon, MONDAY - 7 * DAY_MS);
        rows.values[40] = NaN;
        rows.values[41] = 0;
        change(rows.values);
        return rows;
      };
      return (await retrain(makeRequest({ rowsAt, families: [armsFor(majority)] }))).runs[0]!.dataHash;
    };
    const plain = await hashOf(() => {});
    const sameNumbers = await hashOf((values) => {
      new BigUint64Array(values.buffer)[40] = 0xfff8000000000001n;
      values[41] = -0;
    });
    expect(sameNumbers).toBe(plain);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 4_000 }),
        fc.double({ noNaN: true }),
        async (place, value) => {
          const changed = await hashOf((values) => {
            values[place] = values[place] === value ? value + 1 : value;
          });
          expect(changed).not.toBe(plain);
        },
      ),
      { seed: 1, numRuns: 8 },
    );
  });

  it('has another recipe for other parameters, columns, features, scorer or bar, not for other data', async () => {
    const recipeOf = async (changes: Parameters<typeof makeRequest>[0]) =>
      (await retrain(makeRequest({ families: [armsFor(majority)], ...changes }, market))).trained[0]!.recipe;
    const plain = await recipeOf({});
    expect(await recipeOf({ seed: 9, expiryDays: 3, at: MONDAY - 8 * DAY_MS - HOUR_MS })).toBe(plain);
    const other: ModelFamily = { ...majority, parameters: { smoothing: 1 } };
    const withArm = (changes: Partial<Arm>) => {
      const { family, arms } = armsFor(majority);
      return { family, arms: arms.map((arm) => (arm.scorer === null ? arm : { ...arm, ...changes })) };
    };
    const others = await Promise.all([
      recipeOf({ families: [armsFor(other)] }),
      recipeOf({ featureSets: OTHER_FEATURES }),
      recipeOf({ families: [withArm({ scorer: 'vader@1.0.1' })], featureSets: NEWER_SCORER }),
      recipeOf({ families: [withArm({ hiddenColumns: ['quiet'] })] }),
      recipeOf({ barMinutes: 30 }),
    ]);
    expect(new Set([plain, ...others]).size).toBe(6);
  });
});
