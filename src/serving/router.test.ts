import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError, createRandom, createVirtualClock, silentLog } from '../core/index.ts';
import type { FeatureMatrix, Model } from '../models/index.ts';
import type { DeployedModels } from '../prediction/index.ts';
import type { Deployment } from '../registry/index.ts';
import { createModelRouter, type ModelRouter, type RouterOptions } from './router.ts';
import type { Refusal } from './router/refusals.ts';

const HORIZONS = [60, 1_440];
const ROW: FeatureMatrix = { columns: ['x'], values: Float64Array.of(1, 2), count: 2 };
const ROWS = new Map(HORIZONS.map((horizonMinutes) => [horizonMinutes, ROW]));

/** A model whose probability names its version: version 7 says 0.07. */
function modelSaying(probability: number): Model {
  return {
    family: 'fake',
    predict: ({ count }) => new Float64Array(count).fill(probability),
    toJson: () => ({}),
  };
}

function deployedOf(revision: number, version: number): DeployedModels {
  return {
    revision,
    champions: new Map(HORIZONS.map((horizonMinutes) => [horizonMinutes, 'trees+vader'])),
    models: HORIZONS.flatMap((horizonMinutes) =>
      ['trees+vader', 'trees+none'].map((arm) => ({
        arm,
        horizonMinutes,
        modelVersion: `trees@1.0.${version}`,
        model: modelSaying(version / 1_000),
        scorer: arm === 'trees+vader' ? 'vader@1.0.0' : null,
        expiresAt: Infinity,
      })),
    ),
  };
}

interface FakeEntry {
  entry: Deployment;
  /** What is live from it on. */
  version: number;
}

/** A ledger in memory whose entries are versions, and which takes back as the real one does. */
function createFakeLedger() {
  const entries: FakeEntry[] = [];
  const add = (version: number, changes: Partial<Deployment> = {}) => {
    const id = entries.length + 1;
    const entry: Deployment = {
      id,
      asset: 'BTC-USD',
      at: id,
      kind: 'deploy',
      actor: 'operator',
      reason: '',
      changes: [],
      undoes: null,
      state: { models: [], champions: [] },
      ...changes,
    };
    entries.push({ entry, version });
    return entry;
  };
  add(0);
  const versionOf = (id: number) => entries.find(({ entry }) => entry.id === id)?.version ?? NaN;
  const standing = () => {
    const undone = new Set(entries.map(({ entry }) => entry.undoes));
    return entries.filter(({ entry }) => entry.kind !== 'rollback' && !undone.has(entry.id));
  };
  const rollBack = (actor: string) => {
    const [before, last] = standing().slice(-2);
    if (before === undefined || last === undefined) throw new RangeError('nothing to take back');
    return add(before.version, { kind: 'rollback', undoes: last.entry.id, actor });
  };
  return { add, rollBack, standing, versionOf, newest: () => entries.at(-1)?.entry ?? null };
}

function setUp(replaced: Partial<RouterOptions> = {}) {
  const ledger = createFakeLedger();
  const refusals: Refusal[] = [];
  const clock = createVirtualClock(1_000);
  const router = createModelRouter({
    initial: deployedOf(1, 0),
    readLedger: () => Promise.resolve(ledger.newest()),
    load: (entry) => Promise.resolve(deployedOf(entry.id, ledger.versionOf(entry.id))),
    warmRows: () => ROWS,
    onRefused: (refusal) => {
      refusals.push(refusal);
      const standing = ledger.standing().at(-1)?.entry.id ?? 0;
      const { revision, lastGood, isRollback, isSuperseded } = refusal;
      const isMine = isRollback ? standing < revision : standing === revision;
      if (!isSuperseded && isMine && standing > lastGood) ledger.rollBack('system');
      return Promise.resolve();
    },
    clock,
    log: silentLog,
    ...replaced,
  });
  return { router, ledger, refusals, clock };
}

/** An answer as the API makes one: its models are taken once, and it tells how it went. */
async function askOf<Result>(
  router: ModelRouter,
  work: (models: DeployedModels) => Result | Promise<Result>,
): Promise<Result> {
  const models = router.current();
  try {
    const result = await work(models);
    router.answered(models);
    return result;
  } catch (error) {
    router.failed(models, error);
    throw error;
  }
}

/** Lets whoever waits for a turn have it. */
const turn = () => new Promise((settle) => setImmediate(settle));

function artifactChanged(file: string) {
  return new AppError({ code: 'REGISTRY_X', message: `${file} changed`, status: 500, retryable: false });
}

describe('following the ledger', () => {
  it('goes where the ledger has moved, and says how far the answers moved', async () => {
    const flips: number[] = [];
    const { router, ledger, clock } = setUp({ onFlip: ({ revision }) => flips.push(revision) });
    expect(await router.follow()).toEqual({ revision: 1, lastSwapAt: null, problem: null });
    const { id } = ledger.add(100);
    expect(router.current().revision).toBe(1);
    expect(await router.follow()).toEqual({ revision: id, lastSwapAt: clock.now(), problem: null });
    expect(router.status().shifts[0]).toMatchObject({
      arm: 'trees+vader',
      horizonMinutes: 60,
      from: 'trees@1.0.0',
      to: 'trees@1.0.100',
    });
    expect(router.status().shifts[0]?.meanShift).toBeCloseTo(0.1, 12);
    expect(flips).toEqual([id]);
  });

  it('compares with nothing where there are no windows, or nothing stood there', async () => {
    const { router, ledger } = setUp({ warmRows: () => new Map() });
    ledger.add(5);
    await router.follow();
    expect(router.status().shifts.map(({ meanShift }) => meanShift)).toEqual([NaN, NaN, NaN, NaN]);
    const first = setUp({ initial: { revision: 0, models: [], champions: new Map() } });
    await first.router.follow();
    expect(first.router.status().shifts[0]).toMatchObject({ from: null, meanShift: NaN });
  });

  it('looks once for all who ask at the same time, and again for who asks meanwhile', async () => {
    let looks = 0;
    const { router, ledger } = setUp({
      readLedger: async () => {
        looks += 1;
        const newest = ledger.newest();
        await turn();
        return newest;
      },
    });
    const first = router.follow();
    const { id } = ledger.add(1);
    // What is written after a look has begun is seen by the next one.
    const later = Promise.all([router.follow(), router.follow()]);
    expect((await first).revision).toBe(1);
    expect((await later).map(({ revision }) => revision)).toEqual([id, id]);
    // One before, one that moved, one that found no more.
    expect(looks).toBe(3);
  });

  it('follows by itself once it is started, outages and all, until it is stopped', async () => {
    let isAway = true;
    const warnings: string[] = [];
    const { router, ledger } = setUp({
      readLedger: () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(ledger.newest())),
      log: { ...silentLog, warn: (_, phrase) => warnings.push(phrase) },
    });
    await expect(router.follow()).rejects.toThrow('away');
    router.start(1);
    await expect.poll(() => warnings.length).toBe(1);
    isAway = false;
    const { id } = ledger.add(1);
    await expect.poll(() => router.current().revision).toBe(id);
    expect(warnings).toHaveLength(1);
    await router.stop();
    ledger.add(2);
    await turn();
    expect(router.current().revision).toBe(id);
  });

  it('is not stopped by who cannot be told of a flip', async () => {
    const { router, ledger } = setUp({
      onFlip: () => {
        throw new Error('deaf');
      },
    });
    const { id } = ledger.add(1);
    expect((await router.follow()).revision).toBe(id);
  });
});

describe('a deployment that cannot be answered from', () => {
  it('is refused with its code, what was live stays, and the ledger takes it back', async () => {
    const { router, ledger, refusals } = setUp({
      load: (entry) =>
        ledger.versionOf(entry.id) === 13
          ? Promise.reject(artifactChanged('trees+vader-60.json'))
          : Promise.resolve(deployedOf(entry.id, ledger.versionOf(entry.id))),
    });
    const bad = ledger.add(13);
    const before = router.current();
    const after = await router.follow();
    expect(refusals).toMatchObject([
      { revision: bad.id, code: 'REGISTRY_X', message: 'trees+vader-60.json changed', lastGood: 1 },
    ]);
    expect(ledger.newest()).toMatchObject({ kind: 'rollback', undoes: bad.id, actor: 'system' });
    expect(after.revision).toBe(bad.id + 1);
    expect(router.current().models.map(({ modelVersion }) => modelVersion)).toEqual(
      before.models.map(({ modelVersion }) => modelVersion),
    );
    // It stays to be seen until something new is live.
    expect(after.problem).toMatchObject({ revision: bad.id, code: 'REGISTRY_X' });
    ledger.add(14);
    expect((await router.follow()).problem).toBeNull();
  });

  it.each([
    { said: NaN, why: 'NaN' },
    { said: 1.01, why: '1.01' },
    { said: -0.001, why: '-0.001' },
  ])('is refused when one of its models says $why on the last windows', async ({ said, why }) => {
    const { router, ledger, refusals } = setUp({
      load: (entry) => {
        const next = deployedOf(entry.id, 1);
        const [first, ...rest] = next.models;
        const isBad = entry.kind !== 'rollback';
        return Promise.resolve({
          ...next,
          models: isBad ? [...rest, { ...first!, model: modelSaying(said) }] : next.models,
        });
      },
    });
    ledger.add(1);
    await router.follow();
    expect(refusals).toMatchObject([{ code: 'SERVING_PROBABILITY_INVALID' }]);
    expect(refusals[0]?.message).toContain(why);
  });

  it('is refused when a model answers another number of rows', async () => {
    const short: Model = { ...modelSaying(0.5), predict: () => new Float64Array(1) };
    const { router, ledger, refusals } = setUp({
      load: (entry) => {
        const next = deployedOf(entry.id, 1);
        return Promise.resolve({ ...next, models: next.models.map((one) => ({ ...one, model: short })) });
      },
      onRefused: (refusal) => Promise.resolve(void refusals.push(refusal)),
    });
    ledger.add(1);
    expect((await router.follow()).revision).toBe(1);
    expect(refusals[0]?.message).toContain('1 answers to 2 rows');
    // It is known by now: no second look loads it again.
    await router.follow();
    expect(refusals).toHaveLength(1);
  });

  it('is tried again when the reason passes, and refused when it does not', async () => {
    let failures = 0;
    let lasting = 2;
    const { router, ledger, refusals } = setUp({
      load: (entry) => {
        if (failures < lasting && entry.kind !== 'rollback') {
          failures += 1;
          return Promise.reject(new Error('too many open files'));
        }
        return Promise.resolve(deployedOf(entry.id, ledger.versionOf(entry.id)));
      },
    });
    const slow = ledger.add(1);
    expect([(await router.follow()).revision, (await router.follow()).revision]).toEqual([1, 1]);
    expect((await router.follow()).revision).toBe(slow.id);
    expect(refusals).toEqual([]);
    [failures, lasting] = [0, Infinity];
    const never = ledger.add(2);
    for (let look = 0; look < 5; look += 1) await router.follow();
    expect(failures).toBe(5);
    expect(refusals).toMatchObject([{ revision: never.id, code: 'SERVING_MODELS_UNUSABLE' }]);
    expect(router.current().revision).toBe(never.id + 1);
  });

  it('is told again when telling fails for a passing reason, and once when it cannot be helped', async () => {
    const told: number[] = [];
    const answers = [new Error('database away'), artifactChanged('of the way back')];
    const { router, ledger } = setUp({
      load: () => Promise.reject(artifactChanged('x')),
      onRefused: ({ revision }) => {
        told.push(revision);
        const problem = answers.shift();
        return problem === undefined ? Promise.resolve() : Promise.reject(problem);
      },
    });
    const { id } = ledger.add(1);
    for (let look = 0; look < 4; look += 1) await router.follow();
    expect(told).toEqual([id, id]);
    expect(router.current().revision).toBe(1);
  });

  it('leads back no further than to what was good: beyond, the old models stay and the problem is told', async () => {
    const { router, ledger, refusals } = setUp({
      load: (entry) =>
        ledger.versionOf(entry.id) === 13
          ? Promise.reject(artifactChanged('x'))
          : Promise.resolve(deployedOf(entry.id, ledger.versionOf(entry.id))),
    });
    const bad = ledger.add(13);
    const good = ledger.add(2);
    await router.follow();
    const back = ledger.rollBack('operator');
    expect(await router.follow()).toMatchObject({ revision: good.id, problem: { revision: back.id } });
    expect(refusals).toMatchObject([{ revision: back.id, lastGood: good.id }]);
    expect(ledger.standing().at(-1)?.entry.id).toBe(bad.id);
  });

  it('stands alone where something better came while it was tried: that serves, and is not taken back', async () => {
    let good = NaN;
    const { router, ledger, refusals } = setUp({
      load: (entry) => {
        if (ledger.versionOf(entry.id) !== 13)
          return Promise.resolve(deployedOf(entry.id, ledger.versionOf(entry.id)));
        good = ledger.add(2).id;
        return Promise.reject(artifactChanged('x'));
      },
    });
    const bad = ledger.add(13);
    expect((await router.follow()).revision).toBe(good);
    expect(ledger.newest()?.id).toBe(good);
    expect(refusals).toMatchObject([{ revision: bad.id, isSuperseded: true }]);
    expect(router.refusalOf(bad.id)).toMatchObject({ code: 'REGISTRY_X' });
    expect(router.refusalOf(good)).toBeNull();
  });

  it('is taken back after what was built upon it', async () => {
    const { router, ledger, refusals } = setUp({
      load: (entry) => {
        if (ledger.versionOf(entry.id) !== 13)
          return Promise.resolve(deployedOf(entry.id, ledger.versionOf(entry.id)));
        if (entry.id === 2) ledger.add(13);
        return Promise.reject(artifactChanged('x'));
      },
    });
    ledger.add(13);
    await router.follow();
    expect(refusals.map(({ revision }) => revision)).toEqual([3, 2]);
    expect(ledger.standing().map(({ entry }) => entry.id)).toEqual([1]);
    expect(router.current().models[0]?.modelVersion).toBe('trees@1.0.0');
  });

  it('does not take what was good down with it', async () => {
    const { router, ledger } = setUp({
      load: (entry) =>
        ledger.versionOf(entry.id) === 13
          ? Promise.reject(artifactChanged('x'))
          : Promise.resolve(deployedOf(entry.id, ledger.versionOf(entry.id))),
    });
    ledger.add(1);
    await router.follow();
    // Two entries between two looks, the first of them the bad one, the second on top of it.
    ledger.add(13);
    ledger.add(13);
    await router.follow();
    expect(ledger.standing().map(({ version }) => version)).toEqual([0, 1]);
    expect(router.current().models[0]?.modelVersion).toBe('trees@1.0.1');
  });
});

describe('watching what has been deployed', () => {
  const bounds = { failures: 3, answers: 100, forMs: 1_000 };
  const boom = new Error('boom');

  it('goes back when the new models fail too often', async () => {
    const { router, ledger, refusals } = setUp({ watch: bounds });
    const bad = ledger.add(1);
    await router.follow();
    const work = (isBad: boolean) =>
      askOf(router, ({ revision }) => {
        if (isBad && revision === bad.id) throw boom;
        return revision;
      });
    for (let answer = 0; answer < 2; answer += 1) await expect(work(true)).rejects.toBe(boom);
    expect(await work(false)).toBe(bad.id);
    await expect(work(true)).rejects.toBe(boom);
    await router.follow();
    expect(refusals).toMatchObject([{ revision: bad.id, code: 'SERVING_MODELS_FAILING', lastGood: 1 }]);
    expect(await work(true)).toBe(bad.id + 1);
    expect(router.current().models[0]?.modelVersion).toBe('trees@1.0.0');
  });

  it('does not hold against them what comes late, or what others did', async () => {
    let now = 0;
    const { router, ledger, refusals } = setUp({ watch: bounds, stopwatch: () => now });
    const old = router.current();
    for (let failure = 0; failure < 9; failure += 1) router.failed(old, boom);
    ledger.add(1);
    await router.follow();
    for (let failure = 0; failure < 9; failure += 1) router.failed(old, boom);
    router.failed(router.current(), boom);
    now = 1_001;
    for (let failure = 0; failure < 9; failure += 1) router.failed(router.current(), boom);
    ledger.add(2);
    await router.follow();
    for (let answer = 0; answer < 100; answer += 1) await askOf(router, () => answer);
    for (let failure = 0; failure < 9; failure += 1) router.failed(router.current(), boom);
    await router.follow();
    expect(refusals).toEqual([]);
  });
});

describe('under load', () => {
  it('swaps a hundred times and goes back twenty times, with a hundred at it, and mixes no two deployments', async () => {
    const { router, ledger } = setUp();
    const dice = createRandom(7);
    const seen = new Set<number>();
    let isOver = false;
    let answers = 0;
    let slowestMs = 0;

    async function ask(): Promise<void> {
      while (!isOver) {
        const answer = await askOf(router, async (models) => {
          const said = [];
          for (const { model } of models.models) {
            said.push(model.predict(ROW)[0] ?? NaN);
            if (dice.uniform() < 0.3) await turn();
          }
          return { revision: models.revision, said };
        });
        const expected = ledger.versionOf(answer.revision) / 1_000;
        if (answer.said.some((probability) => probability !== expected)) {
          throw new Error(`deployment ${answer.revision} said ${answer.said.join(', ')}`);
        }
        seen.add(answer.revision);
        answers += 1;
        await turn();
      }
    }

    async function operate(): Promise<void> {
      for (let swap = 1; swap <= 100; swap += 1) {
        ledger.add(swap);
        await router.follow();
        if (swap % 5 !== 0) continue;
        const began = performance.now();
        const { id } = ledger.rollBack('operator');
        expect((await router.follow()).revision).toBe(id);
        slowestMs = Math.max(slowestMs, performance.now() - began);
        expect(router.current().models[0]?.modelVersion).toBe(`trees@1.0.${swap - 1}`);
      }
      isOver = true;
    }

    await Promise.all([operate(), ...Array.from({ length: 100 }, ask)]);
    expect(seen.size).toBeGreaterThan(100);
    expect(answers).toBeGreaterThan(1_000);
    expect(slowestMs).toBeLessThan(1_000);
  });

  it('ends at the newest entry that can be answered from, whatever comes in between', async () => {
    const step = fc.constantFrom('good', 'bad', 'back', 'look');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { router, ledger } = setUp({
          load: (entry) =>
            ledger.versionOf(entry.id) === 13
              ? Promise.reject(artifactChanged('x'))
              : Promise.resolve(deployedOf(entry.id, ledger.versionOf(entry.id))),
        });
        for (const [place, what] of steps.entries()) {
          if (what === 'good') ledger.add(100 + place);
          if (what === 'bad') ledger.add(13);
          // Like the order, which verifies what it returns to.
          const before = ledger.standing().at(-2);
          if (what === 'back' && before !== undefined && before.version !== 13) ledger.rollBack('operator');
          if (what === 'look') await router.follow();
        }
        await router.follow();
        const modelVersion = router.current().models[0]?.modelVersion;
        expect(modelVersion).toBe(`trees@1.0.${ledger.versionOf(router.current().revision)}`);
        expect(modelVersion).not.toBe('trees@1.0.13');
        expect(router.current().revision).toBe(ledger.newest()?.id);
      }),
      { numRuns: 60 },
    );
  });
});
