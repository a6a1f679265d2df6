import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { traceCommand, type CommandTrace } from '../../test/command-context.ts';
import { dropOperations, makeEnvironment } from '../../test/operation.ts';
import { writeSimulatedHistory } from '../../test/simulated-history.ts';
import { ORIGIN } from '../../test/simulated-market.ts';
import {
  DAY_MS,
  findWorkspace,
  HOUR_MS,
  isoUtc,
  listWorkspaces,
  MINUTE_MS,
  openPostgres,
  readConfig,
  silentLog,
  writeFact,
  type Postgres,
} from '../core/index.ts';
import { runProgram } from './program.ts';
import { replay, RESULT_FACT } from './replay.ts';

const root = mkdtempSync(join(tmpdir(), 'bellwether-replay-'));
const history = join(root, 'history');
const out = join(root, 'predictions.jsonl');
const environment = makeEnvironment();
const config = readConfig(environment);
const range = { from: ORIGIN + 4 * DAY_MS, to: ORIGIN + 8 * DAY_MS };
const WINDOWS = 4 * 24;
const ARMS = 9;
let postgres: Postgres;
let first: CommandTrace;

beforeAll(async () => {
  postgres = await openPostgres({ databaseUrl: config.databaseUrl, dataDir: config.dataDir, log: silentLog });
  await writeSimulatedHistory(history, { seed: 851, bars: 8 * 24 });
  first = await run({ out });
});
afterAll(async () => {
  await postgres.close();
  await dropOperations(config);
  rmSync(root, { recursive: true, force: true });
});

describe('the result of a replay', () => {
  it('has every key that others rely on', () => {
    const result = first.json();
    expect(Object.keys(result).sort()).toEqual(
      [
        ...['windows', 'predictions', 'predictionsHash', 'retrains', 'promotions', 'rollbacks', 'accuracy'],
        ...['wallSeconds', 'peakRssMb', 'postgresRssMb', 'workspace'],
      ].sort(),
    );
    expect(result).toMatchObject({
      windows: WINDOWS,
      predictions: WINDOWS * ARMS * 2,
      // The first training of each family.
      retrains: 2,
      promotions: 0,
      rollbacks: 0,
    });
    const accuracy = result['accuracy'] as Record<string, unknown>[];
    expect(accuracy).toHaveLength(ARMS * 2);
    for (const entry of accuracy) {
      const keys = [
        'arm',
        'horizonMinutes',
        'accuracy',
        'accuracyOneBarLater',
        'n',
        'baseline',
        'low',
        'high',
      ];
      expect(Object.keys(entry)).toEqual(expect.arrayContaining(keys));
    }
    expect(result['peakRssMb']).toBeGreaterThan(50);
    expect(result['wallSeconds']).toBeGreaterThan(0);
  });

  it('hashes the lines of --out, sorted by window, horizon and arm, with newlines between', () => {
    const text = readFileSync(out, 'utf8');
    expect(text.endsWith('}\n')).toBe(true);
    const lines = text.slice(0, -1).split('\n');
    const sorted = lines
      .map((line) => ({
        line,
        key: JSON.parse(line) as { windowEnd: string; horizonMinutes: number; arm: string },
      }))
      .sort(
        ({ key: left }, { key: right }) =>
          compare(left.windowEnd, right.windowEnd) ||
          left.horizonMinutes - right.horizonMinutes ||
          compare(left.arm, right.arm),
      )
      .map(({ line }) => line);
    expect(lines).toEqual(sorted);
    expect(lines).toHaveLength(first.json()['predictions'] as number);
    expect(createHash('sha256').update(sorted.join('\n')).digest('hex')).toBe(
      first.json()['predictionsHash'],
    );
  });

  it('writes of every prediction what it said, and what came of it', () => {
    const [line] = readFileSync(out, 'utf8').split('\n');
    const prediction = JSON.parse(line ?? '') as Record<string, unknown>;
    expect(Object.keys(prediction)).toEqual([
      ...['windowEnd', 'horizonMinutes', 'arm', 'modelVersion', 'probabilityUp'],
      ...['direction', 'sentiment', 'maturesAt', 'outcome'],
    ]);
    expect(prediction).toMatchObject({
      windowEnd: isoUtc(range.from + HOUR_MS),
      horizonMinutes: 60,
      arm: 'baseline-always-up',
      modelVersion: 'always-up@2022-01-07',
      maturesAt: isoUtc(range.from + 2 * HOUR_MS),
    });
  });

  it('reads well: every accuracy with its interval, the baseline to beat and n', () => {
    const text = first.text();
    expect(text).toContain(
      `${WINDOWS} windows after 2022-01-07T00:00:00Z up to 2022-01-11T00:00:00Z, ${WINDOWS * ARMS * 2} predictions`,
    );
    expect(text).toMatch(/arm +minutes +accuracy +95 % interval +a bar later +sign-table +n\n/);
    expect(text).toMatch(
      /logistic\+vader +60 +\d+\.\d\d % +(\d+\.\d\d % \.\. \d+\.\d\d %|too few days) +\d+\.\d\d %/,
    );
    expect(text).toContain('Nothing here is investment advice');
    expect(first.said.some((line) => line.startsWith('replaying windows: '))).toBe(true);
  });
});

describe('the same replay again', () => {
  it('repeats the stored result, and writes --out again in full', async () => {
    const before = readFileSync(out, 'utf8');
    writeFileSync(out, 'something else');
    const again = await run({ out });
    expect(steady(again)).toEqual(steady(first));
    expect(readFileSync(out, 'utf8')).toBe(before);
    expect(again.said.some((line) => line.startsWith('replaying windows'))).toBe(false);
  });

  it('is the same one when the folder stands elsewhere', async () => {
    const moved = join(root, 'moved');
    cpSync(history, moved, { recursive: true });
    expect((await run({ history: moved })).json()['workspace']).toBe(first.json()['workspace']);
  });

  it('is run anew with --fresh, which deletes this workspace and no other, to the same hash', async () => {
    const other = (await run({ seed: 2 })).json();
    expect(other['workspace']).not.toBe(first.json()['workspace']);
    const name = first.json()['workspace'] as string;
    const workspace = (await findWorkspace(postgres, { name, dataDir: config.dataDir }))!;
    await writeFact(workspace.pool, RESULT_FACT, { ...first.json(), retrains: 99 });
    await workspace.close();
    expect((await run({})).json()['retrains']).toBe(99);
    const fresh = await run({ fresh: true });
    expect(steady(fresh)).toEqual(steady(first));
    expect(await listWorkspaces(postgres)).toContain(other['workspace']);
    expect((await run({ seed: 2 })).json()['predictionsHash']).toBe(other['predictionsHash']);
  });

  it('with another beginning or end is another one', async () => {
    const shorter = (await run({ to: ORIGIN + 5 * DAY_MS })).json();
    expect(shorter).toMatchObject({ windows: 24, predictions: 24 * ARMS * 2 });
    expect(shorter['workspace']).not.toBe(first.json()['workspace']);
  });
});

describe('what a replay refuses, before it works', () => {
  it.each([
    ['in a folder that is not there', join(root, 'nowhere', 'out.jsonl')],
    ['that is a folder', root],
  ])('an --out %s', async (_, path) => {
    const before = await replaysKept();
    await expect(run({ out: path, seed: 77 })).rejects.toMatchObject({
      code: 'OUT_FILE_UNWRITABLE',
      message: expect.stringContaining(path) as string,
    });
    expect(await replaysKept()).toEqual(before);
  });

  it('a range that ends before it begins, with exit code 2 and nothing left behind', async () => {
    await expect(run({ from: range.to, to: range.from })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: '--from 2022-01-11T00:00:00Z is not before --to 2022-01-07T00:00:00Z.',
    });
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const words = ['replay', '--history', history, '--from', '2022-01-11', '--to', '2022-01-07'];
    expect(await runProgram(words)).toBe(2);
    expect(said.mock.calls.join('')).toContain('USAGE_INVALID: --from 2022-01-11');
    said.mockRestore();
  });

  it.each([
    ['beyond the last bar', { from: ORIGIN + 400 * DAY_MS, to: ORIGIN + 401 * DAY_MS }],
    ['before the first bar', { from: ORIGIN - 90 * DAY_MS, to: ORIGIN - 60 * DAY_MS }],
    ['between two closes', { from: ORIGIN + 61 * MINUTE_MS, to: ORIGIN + 119 * MINUTE_MS }],
  ])('a range %s, and leaves neither file nor workspace', async (_, outside) => {
    const path = join(root, 'never.jsonl');
    const before = await replaysKept();
    await expect(run({ ...outside, out: path })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining('close from 2022-01-03T01:00:00Z to 2022-01-11T00:00:00Z') as string,
    });
    expect(existsSync(path)).toBe(false);
    expect(await replaysKept()).toEqual(before);
  });

  it('a folder without candles, and leaves a file that was there as it was', async () => {
    const empty = join(root, 'empty');
    mkdirSync(empty);
    const path = join(root, 'kept.jsonl');
    writeFileSync(path, 'kept');
    await expect(run({ history: empty, out: path })).rejects.toMatchObject({
      code: 'SOURCE_HISTORY_NO_CANDLES',
    });
    expect(readFileSync(path, 'utf8')).toBe('kept');
  });
});

it('a replay up to a moment that the history has not reached says where it ends', async () => {
  const trace = await run({ from: ORIGIN + 7 * DAY_MS, to: ORIGIN + 90 * DAY_MS });
  expect(trace.json()).toMatchObject({ windows: 24 });
  expect(trace.text()).toMatch(/logistic\+vader +60 +\d+\.\d\d % +too few days +/);
  expect(trace.said).toContain('  the history ends at 2022-01-11T00:00:00Z, before --to');
});

it('a replay from a moment before the history says where it begins', async () => {
  const trace = await run({ from: ORIGIN - 3 * DAY_MS, to: ORIGIN + DAY_MS });
  expect(trace.json()).toMatchObject({ windows: 24 });
  expect(trace.said).toContain('  the history begins at 2022-01-03T00:00:00Z, after --from');
});

it('a replay in which models expire tells how often was trained and what was promoted, and is one of its own', async () => {
  const longer = join(root, 'longer');
  await writeSimulatedHistory(longer, { seed: 852, bars: 25 * 24 });
  const words = { history: longer, from: ORIGIN + 23 * DAY_MS, to: ORIGIN + 25 * DAY_MS };
  const trace = await run(words, { BELLWETHER_MODEL_EXPIRY_DAYS: '1' });
  // At first and after a day: both families, of each two arms at two horizons.
  expect(trace.json()).toMatchObject({ windows: 48, retrains: 4, promotions: 8, rollbacks: 0 });
  const kept = await run(words);
  expect(kept.json()).toMatchObject({ windows: 48, retrains: 2, promotions: 0 });
  expect(kept.json()['workspace']).not.toBe(trace.json()['workspace']);
});

async function run(
  options: Partial<Parameters<typeof replay>[0]>,
  settings: Record<string, string> = {},
): Promise<CommandTrace> {
  const trace = traceCommand({ ...environment, ...settings });
  expect(await replay({ history, ...range, seed: 1, ...options }, trace.context)).toBe(0);
  return trace;
}

/** Workspaces of this file alone: others make theirs on the same server meanwhile. */
async function replaysKept(): Promise<string[]> {
  return (await listWorkspaces(postgres)).filter((name) => name.startsWith('replay_'));
}

/** What does not depend on the process that ran it. */
function steady(trace: CommandTrace): Record<string, unknown> {
  return { ...trace.json(), wallSeconds: 0, peakRssMb: 0, postgresRssMb: 0 };
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
