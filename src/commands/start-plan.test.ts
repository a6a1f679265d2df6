import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSimulatedHistory } from '../../test/simulated-history.ts';
import { ORIGIN } from '../../test/simulated-market.ts';
import { makeEnvironment, prepareOperation } from '../../test/operation.ts';
import {
  createVirtualClock,
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  readConfig,
  readFact,
  silentLog,
} from '../core/index.ts';
import { readBarSpan } from '../lake/index.ts';
import { createModels } from '../compose.ts';
import { openInstalledScorers } from '../compose-scorers.ts';
import { createOperation } from './start.ts';
import { planStart } from './start-plan.ts';

const DAYS = 40;
const LAST = ORIGIN + DAYS * DAY_MS;
const root = mkdtempSync(join(tmpdir(), 'bellwether-plan-'));
const history = join(root, 'history');
const environment = makeEnvironment({ BELLWETHER_BAR_MINUTES: '60' });
const config = readConfig(environment);

beforeAll(() => writeSimulatedHistory(history, { seed: 811, bars: DAYS * 24 }));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
  rmSync(config.dataDir, { recursive: true, force: true });
});

describe('what a start refuses', () => {
  it('--from without --history, because the simulated market begins by itself', async () => {
    await expect(planStart({ from: ORIGIN }, config)).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining('--from needs --history') as string,
    });
  });

  it('--simulate beside --history', async () => {
    await expect(planStart({ history, simulate: true }, config)).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining('exclude each other') as string,
    });
  });

  it('a folder that is not there', async () => {
    await expect(planStart({ history: join(root, 'nowhere') }, config)).rejects.toMatchObject({
      code: 'SOURCE_HISTORY_FOLDER_MISSING',
    });
  });

  it.each([
    ['before the first bar', ORIGIN - DAY_MS],
    ['after the last one', LAST + HOUR_MS],
  ])('a --from %s, naming what the history covers', async (_, from) => {
    await expect(prepareOperation({ words: { history, from }, environment: fresh() })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining('2022-01-03T01:00:00Z to 2022-02-12T00:00:00Z') as string,
    });
  });

  it.each([[{}], [{ speed: 3 }], [{ from: ORIGIN }]])('a history of one bar, asked for %o', async (words) => {
    const single = join(root, 'single');
    mkdirSync(single, { recursive: true });
    const lines = readFileSync(join(history, 'candles-60m.csv'), 'utf8').split('\n');
    writeFileSync(join(single, 'candles-60m.csv'), lines.slice(0, 2).join('\n'));
    const refused = prepareOperation({ words: { history: single, ...words }, environment: fresh() });
    await expect(refused).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringMatching(
        /one bar alone, .* 2022-01-03T01:00:00Z\. .* at least two bars\.$/,
      ) as string,
    });
  });

  it('an answering arm that nobody runs', async () => {
    const wrong = readConfig({ ...environment, BELLWETHER_ARM: 'oracle' });
    const plan = await planStart({ history }, wrong);
    const parts = await partsOf(plan.barMinutes);
    expect(() => createOperation(plan, wrong, parts)).toThrow(/BELLWETHER_ARM=oracle.*logistic\+vader/);
  });
});

describe('a start on history', () => {
  it('replays the last 28 days and stands at the end', async () => {
    const { schedule, plan, drop } = await prepareOperation({ words: { history }, environment: fresh() });
    await drop();
    expect(schedule).toMatchObject({
      beginning: ORIGIN,
      predictAfter: LAST - 28 * DAY_MS,
      catchUpTo: LAST,
      playTo: LAST,
      windowsPerSecond: 0,
    });
    expect(schedule.clock.isVirtual).toBe(true);
    expect(plan.title).toContain('bars of 60 minutes');
  });

  it('stands at the beginning of its history while that is brought in, not at the date of today', async () => {
    const { clock, pace } = createOperation(await planStart({ history }, config), config, await partsOf(60));
    expect(clock.isVirtual).toBe(true);
    expect(clock.now()).toBe(ORIGIN);
    expect(pace).toEqual({ state: 'standing', windowsPerSecond: null });
    const simulated = createOperation(await planStart({}, config), config, await partsOf(15));
    expect(simulated.clock.isVirtual).toBe(false);
  });

  it('plays from --from to the end, at one window a second unless told otherwise', async () => {
    const from = ORIGIN + 35 * DAY_MS;
    const { schedule, drop } = await prepareOperation({ words: { history, from }, environment: fresh() });
    await drop();
    expect(schedule).toMatchObject({
      predictAfter: from - 28 * DAY_MS,
      catchUpTo: from,
      playTo: LAST,
      windowsPerSecond: 1,
    });
  });

  it('plays its last 28 days when only a speed is given', async () => {
    const { schedule, drop } = await prepareOperation({
      words: { history, speed: 7 },
      environment: fresh(),
    });
    await drop();
    expect(schedule).toMatchObject({ catchUpTo: LAST - 28 * DAY_MS, windowsPerSecond: 7 });
    // No warm-up is left before the history begins.
    expect(schedule.predictAfter).toBe(ORIGIN);
  });

  it('plays all of a history that is shorter than that', async () => {
    const short = join(root, 'short');
    await writeSimulatedHistory(short, { seed: 813, bars: 48 });
    const { schedule, drop } = await prepareOperation({
      words: { history: short, speed: 7 },
      environment: fresh(),
    });
    await drop();
    expect(schedule).toMatchObject({
      beginning: ORIGIN,
      predictAfter: ORIGIN,
      catchUpTo: ORIGIN + 2 * HOUR_MS,
      playTo: ORIGIN + 2 * DAY_MS,
    });
  });

  it('takes another workspace for another beginning, and none for another way of looking at it', async () => {
    const nameOf = async (words: object) => (await planStart({ history, ...words }, config)).workspaceName;
    expect(await nameOf({ port: 9 })).toBe(await nameOf({}));
    expect(await nameOf({ from: ORIGIN + DAY_MS })).not.toBe(await nameOf({}));
    expect(await nameOf({ from: ORIGIN + DAY_MS, speed: 3 })).toBe(await nameOf({ from: ORIGIN + DAY_MS }));
  });
});

describe('a start on the simulated market', () => {
  const present = Date.UTC(2023, 4, 10, 14, 20);
  const real = () => createVirtualClock(present);
  const simulated = () =>
    fresh({ BELLWETHER_BAR_MINUTES: '60', BELLWETHER_SIMULATOR_SEED: '812', BELLWETHER_GRACE_SECONDS: '30' });

  it('invents 60 days up to now and goes on in real time', async () => {
    const operation = await prepareOperation({ environment: simulated(), real: real() });
    const { schedule, plan } = operation;
    const span = await readBarSpan(operation.operation.storage!.workspace.pool, {
      asset: 'BTC-USD',
      barMinutes: 60,
    });
    await operation.drop();
    const origin = Date.UTC(2023, 2, 11);
    expect(schedule).toMatchObject({
      beginning: origin,
      predictAfter: origin + 30 * DAY_MS,
      catchUpTo: Date.UTC(2023, 4, 10, 14),
      playTo: Infinity,
      windowsPerSecond: null,
    });
    expect(span).toEqual({ first: origin + HOUR_MS, last: schedule.catchUpTo });
    expect(plan).toMatchObject({ mode: 'simulated', isSimulated: true });
    expect(plan.title).toContain('SIMULATED');
  });

  it('a minute before a window is due, the window before it is the newest', async () => {
    const environment = simulated();
    const early = createVirtualClock(Date.UTC(2023, 4, 10, 14) + 29_000);
    const { schedule, drop } = await prepareOperation({ environment, real: early });
    await drop();
    expect(schedule.catchUpTo).toBe(Date.UTC(2023, 4, 10, 13));
  });

  it('begins a played market anew where the first start stood, however often it was interrupted', async () => {
    const environment = simulated();
    const first = await prepareOperation({ environment, words: { speed: 5 }, real: real() });
    first.stopping.abort();
    await first.operation.storage?.close();
    const later = createVirtualClock(present + 3 * DAY_MS);
    const second = await prepareOperation({ environment, words: { speed: 5 }, real: later });
    await second.drop();
    expect(second.schedule).toMatchObject({ catchUpTo: first.schedule.catchUpTo, windowsPerSecond: 5 });
    expect(second.schedule.clock.isVirtual).toBe(true);
  });

  it('keeps its origin, and brings in what came since, a day ahead when played', async () => {
    const environment = simulated();
    const first = await prepareOperation({ environment, real: real() });
    const { pool } = first.operation.storage!.workspace;
    expect(await readFact(pool, 'collected-up-to')).toBe(first.schedule.catchUpTo + 30_000);
    await first.plan.collect(first.operation.storage!, present + HOUR_MS);
    expect(await readFact(pool, 'collected-up-to')).toBe(present + HOUR_MS);
    // What is there already is not collected twice.
    await first.plan.collect(first.operation.storage!, present);
    expect(await readFact(pool, 'collected-up-to')).toBe(present + HOUR_MS);
    first.stopping.abort();
    await first.operation.storage?.close();
    const second = await prepareOperation({
      environment,
      real: createVirtualClock(present + 2 * DAY_MS + MINUTE_MS),
    });
    await second.drop();
    expect(second.schedule).toMatchObject({
      beginning: first.schedule.beginning,
      catchUpTo: first.schedule.catchUpTo + 2 * DAY_MS,
    });
  });
});

function fresh(changes: Record<string, string> = {}): Record<string, string> {
  return makeEnvironment(changes);
}

/** What an operation is made of beside its plan. */
async function partsOf(barMinutes: number) {
  const { scorers } = await openInstalledScorers(config, { log: silentLog, isLazy: true });
  return { log: silentLog, scorers, models: createModels(barMinutes) };
}
