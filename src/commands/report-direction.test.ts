import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { traceCommand, type CommandTrace } from '../../test/command-context.ts';
import { writeSimulatedHistory } from '../../test/simulated-history.ts';
import { reportDirectionCommand } from './report-direction.ts';

const root = mkdtempSync(join(tmpdir(), 'bellwether-report-direction-'));
const history = join(root, 'history');
const out = join(root, 'page.html');
const markdown = join(root, 'page.md');
const pictures = join(root, 'images');
const DAYS = 150;
let trace: CommandTrace;

interface Machine {
  horizonMinutes: number;
  arms: {
    name: string;
    scores: { accuracy: number; n: number };
    intervals: Record<string, { low: number }>;
  }[];
  pairs: { against: string; paired: { n: number } }[];
  ablation: { name: string }[];
  trials: {
    trials: number;
    superior: { lower: number; upper: number };
    sharpe: { deflated: number; probabilistic: number; expectedMaximum: number };
  };
  trading: { costs: { costBasisPoints: number; total: number }[] };
  regimes: { kind: string; name: string; n: number }[];
}

const OPTIONS = {
  history,
  out,
  horizon: [60, 240],
  family: 'trees',
  scorer: 'vader',
  everyDays: 28,
  trials: 3,
  folds: 2,
  seed: 1,
} as const;

beforeAll(async () => {
  await writeSimulatedHistory(history, { seed: 4, bars: DAYS * 24, strength: 0.6 });
  trace = traceCommand({});
  const options = { ...OPTIONS, horizon: [...OPTIONS.horizon], markdown, pictures };
  expect(await reportDirectionCommand(options, trace.context)).toBe(0);
}, 300_000);
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('report direction', () => {
  it('judges every arm on the same windows, at each horizon', () => {
    const { reports } = trace.json() as unknown as { reports: Machine[] };
    expect(reports.map(({ horizonMinutes }) => horizonMinutes)).toEqual([60, 240]);
    for (const { arms, pairs, ablation } of reports) {
      expect(arms.map(({ name }) => name)).toEqual([
        'trees, all columns',
        'trees, price',
        'trees, price + sentiment',
        'trees, price + social',
        'logistic, all columns',
        'majority',
        'last-sign',
        'sign-table',
        'always-up',
        'ar1',
      ]);
      const [own] = arms;
      expect(own!.scores.n).toBeGreaterThan(2_000);
      expect(own!.intervals['auc']!.low).toBeLessThan(1);
      expect(pairs.map(({ against }) => against)).toContain('sign-table');
      expect(ablation.map(({ name }) => name)).toEqual([
        'trees, price + sentiment',
        'trees, price + social',
        'trees, all columns',
      ]);
    }
  });

  it('counts its trials, its costs and its regimes', () => {
    const { reports } = trace.json() as unknown as { reports: Machine[] };
    for (const { trials, trading, regimes, arms } of reports) {
      expect(trials.trials).toBe(3);
      // The best of three is worth less than it seems.
      expect(trials.sharpe.expectedMaximum).toBeGreaterThan(0);
      expect(trials.sharpe.deflated).toBeLessThanOrEqual(trials.sharpe.probabilistic);
      expect(trials.superior.lower).toBeLessThanOrEqual(trials.superior.upper);
      const totals = trading.costs.map(({ total }) => total);
      expect(totals).toEqual([...totals].sort((one, other) => other - one));
      const years = regimes.filter(({ kind }) => kind === 'year');
      expect(years.reduce((sum, { n }) => sum + n, 0)).toBe(arms[0]!.scores.n);
    }
  });

  it('writes one page that needs nothing else, with its pictures in it', () => {
    const page = readFileSync(out, 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/<(script|link|img)|src=|@import/);
    expect(page.match(/<svg /g)).toHaveLength(10);
    expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/);
    expect(page).toContain('Nothing here is investment advice');
  });

  it('writes the same in Markdown as the formatter leaves it, with pictures beside it', async () => {
    const page = readFileSync(markdown, 'utf8');
    const config = await resolveConfig(markdown);
    expect(await format(page, { ...config, parser: 'markdown' })).toBe(page);
    const named = [...page.matchAll(/\]\((images\/[^)]+)\)/g)].map((match) => match[1]!);
    expect(named).toHaveLength(10);
    for (const path of named) expect(existsSync(join(root, path))).toBe(true);
    expect(readdirSync(pictures)).toHaveLength(10);
  });

  it('tells the conclusions on the terminal', () => {
    expect(trace.text()).toMatch(/1 h ahead: accuracy \d\d\.\d\d %/);
    expect(trace.text()).toMatch(/4 h ahead: 65 % is reached at/);
    expect(trace.text()).toContain(`The page stands in ${out}.`);
  });

  it('reads no sentiment where no scorer is named, and says what is held out', async () => {
    const lone = join(root, 'none.html');
    const holdout = '2022-05-01T00:00:00Z/2022-05-08T00:00:00Z';
    const told = traceCommand({ BELLWETHER_HOLDOUT: holdout });
    const options = { ...OPTIONS, horizon: [60], scorer: 'none', out: lone, trials: 2 };
    await reportDirectionCommand(options, told.context);
    const { reports } = told.json() as unknown as { reports: Machine[] };
    expect(reports[0]!.arms.map(({ name }) => name).slice(0, 3)).toEqual([
      'trees, all columns',
      'logistic, all columns',
      'majority',
    ]);
    expect(reports[0]!.ablation).toEqual([]);
    const page = readFileSync(lone, 'utf8');
    expect(page).not.toContain('news_sentiment_4h');
    expect(page).not.toContain('Does sentiment help?');
    expect(page).toContain(`Held out: ${holdout}`);
    const whole = (trace.json() as unknown as { reports: Machine[] }).reports[0]!;
    expect(reports[0]!.arms[0]!.scores.n).toBeLessThan(whole.arms[0]!.scores.n - 160);
  }, 120_000);

  it('refuses a place that it cannot write to before it works', async () => {
    const refused = reportDirectionCommand(
      { ...OPTIONS, horizon: [60], out: join(root, 'nowhere', 'page.html') },
      traceCommand({}).context,
    );
    await expect(refused).rejects.toMatchObject({ code: 'OUT_FILE_UNWRITABLE' });
  });
});
