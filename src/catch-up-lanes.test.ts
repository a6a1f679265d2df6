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
import { createSecondScorer } from '../test/second-scorer.ts';
import { ASSET, BAR_MINUTES, GRACE_SECONDS, ORIGIN } from '../test/simulated-market.ts';
import { catchUpLanes, type LaneProgress } from './catch-up-lanes.ts';
import { createModels } from './compose.ts';
import { DAY_MS, HOUR_MS, SECOND_MS, type EpochMs, type Workspace } from './core/index.ts';
import { windowsBetween } from './run-window.ts';
import { openMemory } from './window-run.ts';

/** Two whole batches and some days. */
const BARS = 60 * 24;
const END = ORIGIN + BARS * HOUR_MS;
const WINDOWS = windowsBetween(ORIGIN, END, BAR_MINUTES);
const BATCH = 28 * 24;
/** Nobody predicts here: a window then costs its rows alone. */
const predictAfter = END;
const second = createSecondScorer();
const ONE = createModels(BAR_MINUTES);
const BOTH = createModels(BAR_MINUTES, { further: [second] });

describe('a lane that joins late', () => {
  let workspace: TestWorkspace;
  /** What two lanes leave behind that were there from the beginning. */
  let unbroken: LeftBehind;

  beforeAll(async () => {
    workspace = await createRunWorkspace();
    const outage = { kind: 'outage' as const, from: ORIGIN + 26 * DAY_MS, to: ORIGIN + 29 * DAY_MS };
    await importMarket(workspace, { seed: 7, bars: BARS, inject: [outage] });
    await makeTrouble(workspace);
    await replayWindows(WINDOWS, await openTestRun(workspace, { predictAfter, ...BOTH }));
    unbroken = await readLeftBehind(workspace);
  });
  afterAll(() => workspace.drop());
  beforeEach(() => forgetRuns(workspace));

  const runAlone = async (windows: readonly EpochMs[] = WINDOWS) => {
    await replayWindows(windows, await openTestRun(workspace, { predictAfter, ...ONE }));
  };
  const catchUp = (changes: Partial<Parameters<typeof catchUpLanes>[0]> = {}) =>
    catchUpLanes({
      workspace,
      asset: ASSET,
      featureSets: BOTH.featureSets,
      scorers: BOTH.scorers,
      graceSeconds: GRACE_SECONDS,
      ...changes,
    });

  it('has bit for bit the rows, the state and the scores that it would have had from the beginning', async () => {
    expect(unbroken.feature_rows).toHaveLength(2 * BARS);
    expect(unbroken.feature_state).toHaveLength(2);
    expect(unbroken.scores.filter((line) => line.includes('second@0.1.0')).length).toBeGreaterThan(1_000);
    await runAlone();
    const told: LaneProgress[] = [];
    expect(await catchUp({ onProgress: (progress) => told.push(progress) })).toBe(BARS);
    expect(await readLeftBehind(workspace)).toEqual(unbroken);
    expect(told).toEqual(
      [BATCH, 2 * BATCH, BARS].map((done) => ({ scorer: 'second@0.1.0', done, total: BARS })),
    );
  });

  it('goes on from where it joined as if it had always been there', async () => {
    await runAlone(WINDOWS.slice(0, 900));
    await catchUp();
    const run = await openTestRun(workspace, { predictAfter, ...BOTH });
    await replayWindows(WINDOWS.slice(900), run);
    expect(await readLeftBehind(workspace)).toEqual(unbroken);
  });

  it('that was away for some time gets what it missed', async () => {
    const both = await openTestRun(workspace, { predictAfter, ...BOTH });
    await replayWindows(WINDOWS.slice(0, 500), both);
    const alone = await openTestRun(workspace, { predictAfter, ...ONE });
    await replayWindows(WINDOWS.slice(500), alone);
    expect(await catchUp()).toBe(BARS - 500);
    expect(await readLeftBehind(workspace)).toEqual(unbroken);
  });

  it('is refused by a run before it has caught up, with what to do', async () => {
    await runAlone(WINDOWS.slice(0, 100));
    const place = {
      ...{ workspace, asset: ASSET, graceSeconds: GRACE_SECONDS, holdout: null },
      featureSets: BOTH.featureSets,
    };
    await expect(openMemory(place)).rejects.toThrow(
      /second@0\.1\.0 .* stand nowhere, .*: catchUpLanes comes first/,
    );
    await catchUp();
    const memory = await openMemory(place);
    expect(memory.history.rowsAt(60).columns).toContain('news_sentiment_4h[second@0.1.0]');
    await runAlone(WINDOWS.slice(100, 101));
    await expect(openMemory(place)).rejects.toThrow(/stand at .*Z, the others at .*Z/);
  });

  it.each(['insert into feature_rows', 'insert into scores', 'commit'])(
    'keeps what is committed when "%s" of its second batch fails, and resumes there',
    async (statement) => {
      await runAlone();
      await expect(catchUp({ workspace: failingAt(workspace, statement, 2) })).rejects.toThrow(
        'the disk is full',
      );
      const left = await readLeftBehind(workspace);
      expect(left.feature_rows).toHaveLength(BARS + BATCH);
      expect(left.feature_state).toHaveLength(2);
      expect(await catchUp()).toBe(BARS - BATCH);
      expect(await readLeftBehind(workspace)).toEqual(unbroken);
    },
  );

  it('stops at a signal between two batches', async () => {
    await runAlone();
    const stop = new AbortController();
    await expect(
      catchUp({
        signal: stop.signal,
        onProgress: () => {
          stop.abort();
        },
      }),
    ).rejects.toThrow(/aborted/);
    expect((await readLeftBehind(workspace)).feature_rows).toHaveLength(BARS + BATCH);
    await catchUp();
    expect(await readLeftBehind(workspace)).toEqual(unbroken);
  });

  it('fails with its scorer, and writes nothing of that batch', async () => {
    await runAlone(WINDOWS.slice(0, 300));
    const before = await readLeftBehind(workspace);
    const broken = { ...second, score: () => Promise.reject(new Error('out of order')) };
    await expect(catchUp({ scorers: [ONE.scorer, broken] })).rejects.toThrow('out of order');
    expect(await readLeftBehind(workspace)).toEqual(before);
  });

  it('has nothing to do where nothing was decided, where all is done, and where it is alone', async () => {
    expect(await catchUp()).toBe(0);
    await runAlone(WINDOWS.slice(0, 50));
    expect(await catchUp({ featureSets: ONE.featureSets, scorers: ONE.scorers })).toBe(0);
    expect(await catchUp({ featureSets: [], scorers: [] })).toBe(0);
    expect(await catchUp()).toBe(50);
    const done = await readLeftBehind(workspace);
    expect(await catchUp()).toBe(0);
    expect(await readLeftBehind(workspace)).toEqual(done);
  });

  it('cannot be caught up without its scorer', async () => {
    await runAlone(WINDOWS.slice(0, 10));
    await expect(catchUp({ scorers: ONE.scorers })).rejects.toThrow(RangeError);
  });
});

function barEnd(bar: number): EpochMs {
  return ORIGIN + bar * HOUR_MS;
}

/** Around the end of a batch: a bar missing, one late by a day, one revised. */
async function makeTrouble({ pool }: Workspace): Promise<void> {
  const at = (bar: number, laterMs = 0) => new Date(barEnd(bar) + laterMs);
  await pool.query('delete from candles where event_time = $1', [at(BATCH - 2)]);
  await pool.query('update candles set known_at = $2 where event_time = $1', [at(BATCH - 1), at(BATCH + 23)]);
  await pool.query(
    `insert into candles (id, source, asset, backfilled, event_time, known_at, ingested_at, bar_minutes, open, high, low, close, volume)
     select 'revised', source, asset, backfilled, event_time, $2, ingested_at, bar_minutes, open, high * 1.1, low, close * 1.05, volume
     from candles where event_time = $1`,
    [at(BATCH), at(BATCH + 2, -SECOND_MS)],
  );
}
