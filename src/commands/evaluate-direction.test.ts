import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { traceCommand, type CommandTrace } from '../../test/command-context.ts';
import { writeSimulatedHistory } from '../../test/simulated-history.ts';
import { ORIGIN } from '../../test/simulated-market.ts';
import { DAY_MS, HOUR_MS, isoUtc } from '../core/index.ts';
import { evaluateDirectionCommand } from './evaluate-direction.ts';

const DAYS = 40;
const LAST = ORIGIN + DAYS * DAY_MS;
const root = mkdtempSync(join(tmpdir(), 'bellwether-evaluate-'));
const history = join(root, 'history');
let trace: CommandTrace;

beforeAll(async () => {
  await writeSimulatedHistory(history, { seed: 861, bars: DAYS * 24 });
  trace = await run({});
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('evaluate direction', () => {
  it('gives every figure that others rely on', () => {
    const result = trace.json();
    const relied = [
      ...['accuracy', 'accuracyOneBarLater', 'balancedAccuracy', 'brier', 'logLoss', 'auc', 'mcc'],
      ...['n', 'low', 'high'],
      ...['baselines', 'pValues', 'coverage'],
    ];
    expect(Object.keys(result).slice(0, relied.length)).toEqual(relied);
    expect(result).toMatchObject({
      // The last window has not matured, and the first tested one lies after the beginning.
      n: DAYS * 24 * 0.75 - 2,
      from: isoUtc(ORIGIN + HOUR_MS + 10 * DAY_MS),
      to: isoUtc(LAST),
      family: 'logistic',
      scorer: 'vader',
      horizonMinutes: 60,
      barMinutes: 60,
      embargoMinutes: 60,
      quarantined: 0,
    });
    expect(Object.keys(result['baselines'] as object).sort()).toEqual(
      ['always-up', 'ar1', 'last-sign', 'majority', 'sign-table'].sort(),
    );
    const names = Object.keys(result['baselines'] as object).sort();
    const { mcnemar, dieboldMariano } = result['pValues'] as Record<string, Record<string, number>>;
    for (const given of [mcnemar, dieboldMariano, result['comparisons'] as object]) {
      expect(Object.keys(given!).sort()).toEqual(names);
    }
    for (const p of [...Object.values(mcnemar!), ...Object.values(dieboldMariano!)]) {
      expect(p >= 0 && p <= 1).toBe(true);
    }
    expect((result['coverage'] as { n: number }[])[0]).toMatchObject({ coverage: 1, n: result['n'] });
    expect(result['low']).toBeLessThan(result['accuracy'] as number);
    expect(result['high']).toBeGreaterThan(result['accuracy'] as number);
  });

  it('reads well: what was tested, on how much, beside which baselines, with a verdict', () => {
    const text = trace.text();
    expect(text).toMatch(/^logistic\+vader, 60 minutes ahead, bars of 60 minutes\n/);
    expect(text).toContain('n = 718, 5 fits, the last on');
    expect(text).toMatch(
      /accuracy {2}\d+\.\d\d %, 95 % interval \d+\.\d\d % to \d+\.\d\d % \(block bootstrap\)/,
    );
    expect(text).toMatch(/sign-table +\d+\.\d\d %/);
    expect(text).toMatch(
      /Worse than [a-z-]+: the whole interval of the difference lies below 0\.|Not distinguishable/,
    );
    expect(text).toContain('Diebold-Mariano p');
    expect(text).toMatch(/what it leans on: .*\n +column +lost +spread/);
    expect(text).toMatch(/100\.00 % +\d+\.\d\d % +\d+\.\d\d % to/);
  });

  it('weighs every column that the family was given by the log loss without it', () => {
    const { splits, permutation } = trace.json()['importances'] as {
      splits: null;
      permutation: { logLoss: number; n: number; columns: { column: string; rise: number }[] };
    };
    expect(splits).toBe(null);
    expect([permutation.logLoss, permutation.n]).toEqual([
      expect.closeTo(trace.json()['logLoss'] as number, 12),
      718,
    ]);
    expect(permutation.columns).toHaveLength(16);
    const rises = permutation.columns.map(({ rise }) => rise);
    expect(rises).toEqual(rises.toSorted((left, right) => right - left));
  });

  it('tells of each fit and of each baseline, and of trees as of any family', async () => {
    const told = await run({ family: 'trees' });
    expect(told.said.filter((line) => line.startsWith('walking forward'))).toEqual(
      Array.from({ length: 5 + 5 }, (_, done) => `walking forward: ${done + 1} of 10`),
    );
    expect(told.json()).toMatchObject({ family: 'trees', scorer: 'vader', n: 718, fits: 5 });
    expect(told.text()).toMatch(/^trees\+vader, 60 minutes ahead/);
    // What the last fit gained by each column; logistic regressions do not split.
    expect((told.json()['importances'] as { splits: unknown }).splits).toBeInstanceOf(Array);
  });

  it('says how far its probabilities can be trusted, and when it had better said nothing', () => {
    const result = trace.json() as {
      ece: number;
      reliability: { n: number; probability: number; low: number | null }[];
      coverageOutOfSample: { target: number; n: number }[];
      abstention: { share: number; answered: { n: number }; abstained: { n: number } };
      calibration: string;
    };
    expect(result.ece).toBeGreaterThan(0);
    expect(result.reliability).toHaveLength(10);
    expect(result.reliability.reduce((sum, { n }) => sum + n, 0)).toBe(718);
    // The first 500 windows are the past of those after them.
    expect(result.coverageOutOfSample[0]).toMatchObject({ target: 1, n: 218 });
    const { share, answered, abstained } = result.abstention;
    expect(answered.n + abstained.n).toBe(718);
    expect(share).toBeCloseTo(abstained.n / 718, 12);
    expect(share).toBeLessThan(0.5);
    expect(result.calibration).toBe('none');
    expect(trace.text()).toMatch(/calibration error \d\.\d{4} over ten bins/);
    expect(trace.text()).toMatch(/unlike the training data: \d+\.\d\d % of the windows/);
  });

  it('calibrates where it is told to, and refuses what cannot be', async () => {
    const platt = await run({ calibration: 'platt', family: 'logistic' });
    expect(platt.json()).toMatchObject({ calibration: 'platt', n: 718 });
    expect(platt.text()).toMatch(/^logistic\+vader, .*, calibrated by platt\n/);
    await expect(run({ calibration: 'platt', family: 'majority' })).rejects.toThrow(
      'majority is not calibrated',
    );
  });

  it('is the same for the same seed', async () => {
    expect((await run({})).json()).toEqual(trace.json());
  });

  it('splits once where it is told to', async () => {
    const testFrom = ORIGIN + 30 * DAY_MS;
    const result = (await run({ testFrom, horizon: 1_440 })).json();
    expect(result).toMatchObject({
      from: isoUtc(testFrom),
      fits: 1,
      // The last day has not matured.
      n: 9 * 24,
      embargoMinutes: 1_440,
      low: null,
      high: null,
    });
  });

  it('leaves out what is held out, and says so', async () => {
    const holdout = `${isoUtc(LAST - 5 * DAY_MS)}/${isoUtc(LAST - 3 * DAY_MS)}`;
    const told = traceCommand({ BELLWETHER_HOLDOUT: holdout });
    const options = { history, horizon: 60, family: 'majority', scorer: 'none', seed: 1 };
    await evaluateDirectionCommand(options, told.context);
    expect(told.json()).toMatchObject({ n: 718 - 48, holdout });
    expect(told.text()).toContain(`held out  ${holdout}: neither trains nor tests`);
    expect(trace.json()['holdout']).toBeNull();
  });

  it('walks as it is told: folds, other cadences, a rolling training, weights', async () => {
    const folds = (await run({ folds: 3, family: 'majority' })).json();
    expect(folds).toMatchObject({ fits: 3, n: 718, trainingDays: null, weights: 'none' });
    const often = (await run({ refitDays: 2, trainDays: 5, family: 'majority' })).json();
    expect(often).toMatchObject({ fits: 16, n: 718, trainingDays: 5 });
    const weighed = (await run({ weights: 'uniqueness', horizon: 1_440, folds: 2 })).json();
    const plain = (await run({ horizon: 1_440, folds: 2 })).json();
    expect(weighed).toMatchObject({ weights: 'uniqueness', n: plain['n'] });
    expect(weighed['logLoss']).not.toBe(plain['logLoss']);
  });

  it('shows what is asked and how often the answer is yes', () => {
    expect(trace.text()).toMatch(
      /label {5}sign: does the price rise within 60 minutes\? Yes in \d+\.\d\d %; void or not known: 1/,
    );
    const { label, baseRate, baselines, baselinesLeftOut } = trace.json();
    expect(label).toEqual({ kind: 'sign' });
    expect(baseRate).toBeCloseTo((baselines as Record<string, number>)['always-up']!, 12);
    expect(baselinesLeftOut).toBeNull();
  });

  it('asks for a direction beyond a dead zone, or between barriers, of fewer or other windows', async () => {
    const zone = (await run({ label: { kind: 'dead-zone', basisPoints: 20 } })).json();
    expect(zone['n']).toBeLessThan(718);
    expect((zone['n'] as number) + (zone['voids'] as number)).toBe(719);
    const barrier = await run({ label: { kind: 'triple-barrier', multiple: 0.5 }, horizon: 240 });
    expect(barrier.json()).toMatchObject({ label: { kind: 'triple-barrier', multiple: 0.5 } });
    expect(barrier.text()).toContain('triple-barrier:0.5: does a close come to 0.5 times the volatility');
    expect(Object.keys(barrier.json()['baselines'] as object)).toHaveLength(5);
  });

  it('asks whether a move is large, beside the majority alone, and says why', async () => {
    const told = await run({ label: { kind: 'large-move', quantile: 0.8 } });
    const result = told.json();
    expect(Object.keys(result['baselines'] as object)).toEqual(['majority']);
    expect(result['question']).toContain('move further within 60 minutes, up or down, than 0.8');
    expect(result['baseRate']).toBeGreaterThan(0.1);
    expect(result['baseRate']).toBeLessThan(0.3);
    expect(told.text()).toContain(
      'left out: last-sign, sign-table, always-up, ar1: they foretell a direction',
    );
    expect(told.text()).toContain('|P(large) - 0.5|');
  });

  it('walks other orders of history beside it where it is told to', async () => {
    const told = await run({ paths: { groups: 4, testGroups: 2 }, folds: 2 });
    const { paths } = told.json() as { paths: { accuracies: number[]; logLosses: number[] } };
    expect(paths).toMatchObject({ groups: 4, testGroups: 2 });
    expect(paths.accuracies).toHaveLength(3);
    expect(new Set(paths.logLosses).size).toBe(3);
    expect(told.text()).toContain('2 of 4 groups tested together, 3 paths over the whole history');
    expect(trace.json()).not.toHaveProperty('paths');
  });

  it('keeps to a range, and to prices alone when told so', async () => {
    const range = { from: LAST - 5 * DAY_MS, to: LAST - 3 * DAY_MS };
    const result = (await run({ ...range, scorer: 'none', family: 'ar1' })).json();
    expect(result).toMatchObject({ n: 48, to: isoUtc(range.to), scorer: 'none', family: 'ar1' });
  });

  it('counts what was turned away, and says what it was', async () => {
    const spoiled = join(root, 'spoiled');
    mkdirSync(spoiled);
    const lines = readFileSync(join(history, 'candles-60m.csv'), 'utf8').trimEnd().split('\n');
    lines[400] = (lines[400] ?? '').replace(/,[^,]*,[^,]*$/, ',NaN,1');
    writeFileSync(join(spoiled, 'candles-60m.csv'), `${lines.join('\n')}\n`);
    const told = await run({ history: spoiled, family: 'majority' });
    expect(told.json()).toMatchObject({ quarantined: 1 });
    expect(told.said.join('\n')).toContain(
      'candles-60m.csv:401 close=NaN: close is NaN: not a finite decimal',
    );
    expect(told.text()).toContain('records turned away at the door: 1');
  });
});

describe('evaluate direction refuses', () => {
  it('a scorer that is known and not here, with what to do', async () => {
    await expect(run({ scorer: 'linear' })).rejects.toMatchObject({
      code: 'SENTIMENT_UNAVAILABLE',
      message: expect.stringContaining('retrain --family linear') as string,
    });
  });

  it.each([
    ['a family that is not there', { family: 'oracle' }, /no price family "oracle".*logistic/],
    ['a scorer that is not there', { scorer: 'oracle' }, /no scorer "oracle".*vader, linear, finbert/],
    ['a version of a family that nobody knows', { scorer: 'oracle@1.0.0' }, /no scorer "oracle@1\.0\.0"/],
    ['a horizon between two bars', { horizon: 90 }, /--horizon 90 is no multiple of the bar of 60 minutes/],
    [
      '--from after --to',
      { from: LAST, to: ORIGIN },
      /^--from \S+ is not before --to 2022-01-03T00:00:00Z\.$/,
    ],
    ['two cadences', { folds: 2, refitDays: 7 }, /--test-from, --refit-days and --folds exclude each other/],
    ['more folds than windows', { folds: 719 + 1 }, /--folds 720: there are 719 windows to test/],
    ['a beginning after the end', { from: LAST }, /leaves no window to work on/],
    ['a test that begins after the end', { testFrom: LAST + DAY_MS }, /leaves no window to work on/],
    ['an end before the beginning', { to: ORIGIN }, /leaves no window to work on/],
    ['an end in what only trains', { to: ORIGIN + 2 * DAY_MS }, /leaves no window to work on/],
  ])('%s', async (_, options, message) => {
    await expect(run(options)).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringMatching(message) as string,
    });
  });
});

async function run(options: Partial<Parameters<typeof evaluateDirectionCommand>[0]>): Promise<CommandTrace> {
  const own = traceCommand({ LOG_LEVEL: 'silent', BELLWETHER_DATA_DIR: join(root, 'data') });
  const given = { history, horizon: 60, family: 'logistic', scorer: 'vader', seed: 1, ...options };
  expect(await evaluateDirectionCommand(given, own.context)).toBe(0);
  return own;
}
