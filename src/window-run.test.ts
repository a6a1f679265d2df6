import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestWorkspace } from '../test/database.ts';
import { failingAt } from '../test/failing-workspace.ts';
import {
  createRunWorkspace,
  forgetRuns,
  importMarket,
  openTestRun,
  readLeftBehind,
  replayWindows,
  type LeftBehind,
} from '../test/run-workspace.ts';
import { ASSET, BAR_MINUTES, ORIGIN } from '../test/simulated-market.ts';
import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  readEvents,
  SECOND_MS,
  type EpochMs,
  type Workspace,
} from './core/index.ts';
import { createOnlineStore } from './features/index.ts';
import { createInputFeed } from './input-feed.ts';
import { readPredictions } from './prediction/index.ts';
import { latestDeployment } from './registry/index.ts';
import { windowsBetween } from './run-window.ts';
import { createVader } from './sentiment/index.ts';
import { commitRetraining } from './window-run.ts';

const BARS = 9 * 24;
/** A Friday; the Monday after it lies within the run. */
const PREDICT_AFTER = ORIGIN + 4 * DAY_MS;
const WINDOWS = windowsBetween(ORIGIN, ORIGIN + BARS * HOUR_MS, BAR_MINUTES);
const ARMS = 9;
const HORIZONS = 2;

/** Bars with which something is wrong; all after the first prediction. */
const MISSING = barEnd(110);
const LATE = barEnd(120);
const TOO_LATE = barEnd(130);
const REVISED = barEnd(140);

describe('a run over a workspace', () => {
  let workspace: TestWorkspace;
  let unbroken: LeftBehind;

  beforeAll(async () => {
    workspace = await createRunWorkspace();
    const outage = { kind: 'outage' as const, from: ORIGIN + 5 * DAY_MS, to: ORIGIN + 5.5 * DAY_MS };
    await importMarket(workspace, { seed: 3, bars: BARS, inject: [outage] });
    await makeTrouble(workspace);
    await replayWindows(WINDOWS, await openTestRun(workspace, { predictAfter: PREDICT_AFTER }));
    unbroken = await readLeftBehind(workspace);
  });
  afterAll(async () => {
    await workspace.drop();
  });
  beforeEach(async () => {
    await forgetRuns(workspace);
  });

  const resume = async () => {
    const run = await openTestRun(workspace, { predictAfter: PREDICT_AFTER });
    const left = WINDOWS.filter((windowEnd) => windowEnd > (run.lastWindow ?? -Infinity));
    return { run, left };
  };
  const finish = async () => {
    const { run, left } = await resume();
    await replayWindows(left, run);
    return readLeftBehind(workspace);
  };

  it('commits every window once, with its row, its predictions and its state', () => {
    const predicted = WINDOWS.filter((windowEnd) => windowEnd > PREDICT_AFTER).length;
    expect(unbroken.windows).toHaveLength(BARS);
    expect(new Set(unbroken.windows).size).toBe(BARS);
    expect(unbroken.feature_rows).toHaveLength(BARS);
    expect(unbroken.predictions).toHaveLength(predicted * ARMS * HORIZONS);
    expect(unbroken.feature_state).toHaveLength(1);
    expect(unbroken.scores.length).toBeGreaterThan(1_000);
  });

  it('finds nothing to do when all is done, and refuses a window that is done', async () => {
    const done = await finish();
    expect(done).toEqual(unbroken);
    const { run, left } = await resume();
    expect(left).toEqual([]);
    await expect(replayWindows(WINDOWS.slice(-1), run)).rejects.toThrow(/does not follow/);
    expect(await readLeftBehind(workspace)).toEqual(unbroken);
  });

  it.each([1, 97, 130, 169])('goes on after %i windows as if it had never stopped', async (count) => {
    const run = await openTestRun(workspace, { predictAfter: PREDICT_AFTER });
    await replayWindows(WINDOWS.slice(0, count), run);
    expect(await finish()).toEqual(unbroken);
  });

  it('stops at a signal before the next window and keeps what is decided', async () => {
    const stop = new AbortController();
    const run = await openTestRun(workspace, { predictAfter: PREDICT_AFTER });
    await replayWindows(WINDOWS, run, {
      signal: stop.signal,
      onWindow: (windowEnd) => {
        if (windowEnd === barEnd(125)) stop.abort();
      },
    });
    expect(run.lastWindow).toBe(barEnd(125));
    expect((await readLeftBehind(workspace)).windows).toHaveLength(125);
    expect(await finish()).toEqual(unbroken);
  });

  it.each(['insert into outcomes', 'insert into events', 'commit'])(
    'writes nothing of a week when "%s" fails, and decides it again',
    async (statement) => {
      const run = await openTestRun(workspace, { predictAfter: PREDICT_AFTER });
      await replayWindows(WINDOWS.slice(0, 100), run);
      const before = await readLeftBehind(workspace);
      const broken = { ...run, workspace: failingAt(workspace, statement) };
      await expect(replayWindows(WINDOWS.slice(100), broken)).rejects.toThrow('the disk is full');
      expect(await readLeftBehind(workspace)).toEqual(before);
      expect(await finish()).toEqual(unbroken);
    },
  );

  it('says the same one window at a time, live, as a week at once', async () => {
    const run = await openTestRun(workspace, { predictAfter: PREDICT_AFTER });
    const commits: number[] = [];
    await replayWindows(WINDOWS.slice(0, 120), run);
    await replayWindows(WINDOWS.slice(120), run, {
      isLive: true,
      aheadMs: 0,
      onCommit: (done) => commits.push(done),
    });
    expect(commits).toEqual(WINDOWS.slice(120).map((_, place) => place + 1));
    expect(await readLeftBehind(workspace)).toEqual(unbroken);
  });

  it('collects before each window, up to its decision', async () => {
    const run = await openTestRun(workspace, { predictAfter: PREDICT_AFTER });
    const collected: EpochMs[] = [];
    await replayWindows(WINDOWS.slice(0, 3), run, { collect: async (upTo) => void collected.push(upTo) });
    expect(collected).toEqual(WINDOWS.slice(0, 3).map((windowEnd) => windowEnd + MINUTE_MS));
  });

  it('lets a second runner take over; the first one can write nothing any more', async () => {
    const first = await openTestRun(workspace, { predictAfter: PREDICT_AFTER });
    await replayWindows(WINDOWS.slice(0, 110), first);
    const { run: second, left } = await resume();
    const before = await readLeftBehind(workspace);
    await expect(replayWindows(WINDOWS.slice(110, 150), first)).rejects.toMatchObject({
      code: 'WINDOW_FENCED',
    });
    expect(await readLeftBehind(workspace)).toEqual(before);
    await replayWindows(left, second);
    expect(await readLeftBehind(workspace)).toEqual(unbroken);
  });

  it('goes on without a live model that fails, says so once a version, and again the same', async () => {
    const leftBehind = async () => {
      await forgetRuns(workspace);
      const run = await openTestRun(workspace, { predictAfter: PREDICT_AFTER });
      await replayWindows(WINDOWS.slice(0, 100), run);
      const [first, ...others] = run.learning.deployed.models;
      const model = { ...first!.model, predict: () => Float64Array.of(NaN) };
      run.learning.adopt({ ...run.learning.deployed, models: [{ ...first!, model }, ...others] });
      await replayWindows(WINDOWS.slice(100, 105), run);
      expect(run.lastWindow).toBe(barEnd(105));
      return { left: await readLeftBehind(workspace), failing: first! };
    };
    const { left, failing } = await leftBehind();
    const events = await readEvents(workspace.pool, { limit: 99 });
    const { modelVersion, arm } = failing;
    expect(events.filter(({ kind }) => kind === 'prediction.arm-failed')).toMatchObject([
      { severity: 'critical', at: barEnd(101) + MINUTE_MS, facts: { modelVersion, arm } },
    ]);
    expect(left.predictions).toHaveLength(9 * ARMS * HORIZONS - 5);
    expect((await leftBehind()).left).toEqual(left);
  });

  it('writes a retraining once, and none for a run that another has taken over', async () => {
    const run = await openTestRun(workspace, { predictAfter: PREDICT_AFTER });
    await replayWindows(WINDOWS.slice(0, 100), run);
    // The entry's own number, as soon as it is written.
    expect(run.learning.deployed.revision).toBe((await latestDeployment(workspace.pool, ASSET))?.id);
    const { history } = run.memory;
    const monday = WINDOWS.find((end) => run.learning.isDue(end))!;
    const retraining = (await run.learning.trainIfDue(monday, history))!;
    const at = retraining.recordedAt;
    const second = await openTestRun(workspace, { predictAfter: PREDICT_AFTER });
    const before = await readLeftBehind(workspace);
    await expect(commitRetraining(run, retraining, at)).rejects.toMatchObject({ code: 'WINDOW_FENCED' });
    expect(await readLeftBehind(workspace)).toEqual(before);
    // The run that stands now may take it over; then nobody writes it again.
    expect(await commitRetraining(second, retraining, at)).toMatchObject({ isWritten: true });
    const after = await readLeftBehind(workspace);
    expect(after.runs).toHaveLength(before.runs.length + 2);
    expect(await commitRetraining(second, retraining, at)).toEqual({ isWritten: false, entry: null });
    expect(await readLeftBehind(workspace)).toEqual(after);
  });

  it('leaves the newest vector in the cache', async () => {
    const run = await openTestRun(workspace, { predictAfter: PREDICT_AFTER });
    await replayWindows(WINDOWS.slice(0, 30), run);
    const store = createOnlineStore(run.cache, workspace.cachePrefix);
    const latest = await store.read({ asset: ASSET, featureSet: run.featureSet }, barEnd(30));
    expect(latest?.asOf).toBe(barEnd(30) + MINUTE_MS);
    expect(latest?.values).toHaveLength(run.featureSet.names.length);
  });

  it('predicts without the candle of a window, degraded, and gives up a truth that comes more than a day late', async () => {
    await finish();
    const predictions = await readPredictions(workspace.pool, {
      asset: ASSET,
      after: PREDICT_AFTER,
      upTo: Infinity,
      knownBy: Infinity,
    });
    const hour = predictions.filter(
      ({ arm, horizonMinutes }) => arm === 'logistic+vader' && horizonMinutes === 60,
    );
    // A yardstick has no expiry, so nothing but the window itself degrades its answers.
    const degraded = predictions
      .filter(({ arm, horizonMinutes }) => arm === 'baseline-majority' && horizonMinutes === 60)
      .filter((prediction) => prediction.degraded)
      .map(({ windowEnd }) => windowEnd);
    expect(degraded).toEqual([MISSING, LATE, TOO_LATE]);
    expect(hour.every(({ probabilityUp }) => probabilityUp > 0 && probabilityUp < 1)).toBe(true);
    const outcomeOf = (windowEnd: EpochMs) =>
      hour.find((prediction) => prediction.windowEnd === windowEnd)?.outcome;
    // A window needs its own close and that of an hour later.
    for (const end of [MISSING, TOO_LATE]) {
      expect([outcomeOf(end - HOUR_MS), outcomeOf(end)]).toEqual(['void', 'void']);
    }
    expect([outcomeOf(LATE - HOUR_MS), outcomeOf(LATE)]).not.toContain('void');
    expect([outcomeOf(LATE - HOUR_MS), outcomeOf(LATE)]).not.toContain(null);
    const { rows } = await workspace.pool.query<{ known: number }>(
      `select (extract(epoch from known_at) * 1000)::float8 as known from outcomes
       where horizon_minutes = 60 and entry_delay_minutes = 0 and window_end = any ($1::timestamptz[]) order by window_end`,
      [[new Date(LATE), new Date(TOO_LATE)]],
    );
    expect(rows.map(({ known }) => known)).toEqual([LATE + 3 * HOUR_MS, TOO_LATE + HOUR_MS + DAY_MS]);
  });

  it('raises one event for a bar of which another version arrives, and goes on with the first', async () => {
    await finish();
    const all = await readEvents(workspace.pool, { limit: 50 });
    const events = all.filter(({ kind }) => !kind.startsWith('retraining.'));
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      kind: 'lake.candle-revised',
      severity: 'info',
      asset: ASSET,
      at: REVISED + 2 * HOUR_MS + MINUTE_MS,
      facts: { bar: '2022-01-08T20:00:00Z' },
    });
  });

  it('reads its inputs the same however far ahead it reads and however the time is cut', async () => {
    const source = await openTestRun(workspace, { predictAfter: PREDICT_AFTER });
    const upTo = ORIGIN + 6 * DAY_MS;
    const whole = await createInputFeed(source, { aheadMs: 0 })({ after: -Infinity, upTo });
    expect(whole.scores.length).toBeGreaterThan(500);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 6 * 24 * 60 }), { maxLength: 8 }),
        fc.constantFrom(0, HOUR_MS, DAY_MS, 30 * DAY_MS),
        async (minutes, aheadMs) => {
          const read = createInputFeed(source, { aheadMs });
          const cuts = [
            ...minutes.sort((left, right) => left - right).map((minute) => ORIGIN + minute * MINUTE_MS),
            upTo,
          ];
          const inputs = [];
          const scores = [];
          let after = -Infinity;
          for (const cut of cuts) {
            const piece = await read({ after, upTo: cut });
            expect(piece.inputs.every(({ knownAt }) => knownAt > after && knownAt <= cut)).toBe(true);
            inputs.push(...piece.inputs);
            scores.push(...piece.scores);
            after = cut;
          }
          expect(inputs).toEqual(whole.inputs);
          expect(scores).toEqual(whole.scores);
        },
      ),
      { numRuns: 6, seed: 1 },
    );
  });

  it('takes the scores that stand in silver instead of making them again', async () => {
    await replayWindows(WINDOWS.slice(0, 60), await openTestRun(workspace, { predictAfter: PREDICT_AFTER }));
    await workspace.pool.query('truncate window_ledger, feature_rows, feature_state, predictions, outcomes');
    const vader = createVader();
    let asked = 0;
    const scorer = {
      ...vader,
      score: (texts: readonly string[]) => {
        asked += texts.length;
        return vader.score(texts);
      },
    };
    const run = await openTestRun(workspace, { predictAfter: PREDICT_AFTER, scorers: [scorer] });
    await replayWindows(WINDOWS.slice(0, 60), run, { aheadMs: 0 });
    expect(asked).toBe(0);
  });
});

function barEnd(bar: number): EpochMs {
  return ORIGIN + bar * HOUR_MS;
}

/** One bar missing, one three hours late, one thirty hours late, and one of which a second version comes. */
async function makeTrouble({ pool }: Workspace): Promise<void> {
  const at = (end: EpochMs) => new Date(end);
  await pool.query('delete from candles where event_time = $1', [at(MISSING)]);
  const late = 'update candles set known_at = $2 where event_time = $1';
  await pool.query(late, [at(LATE), at(LATE + 3 * HOUR_MS)]);
  await pool.query(late, [at(TOO_LATE), at(TOO_LATE + 30 * HOUR_MS)]);
  await pool.query(
    `insert into candles (id, source, asset, backfilled, event_time, known_at, ingested_at, bar_minutes, open, high, low, close, volume)
     select 'revised', source, asset, backfilled, event_time, $2, ingested_at, bar_minutes, open, high * 1.1, low, close * 1.05, volume
     from candles where event_time = $1`,
    [at(REVISED), at(REVISED + 2 * HOUR_MS - SECOND_MS)],
  );
}
