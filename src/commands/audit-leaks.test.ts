import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { traceCommand, type CommandTrace } from '../../test/command-context.ts';
import { writeSimulatedHistory } from '../../test/simulated-history.ts';
import { auditLeaksCommand } from './audit-leaks.ts';

const PLANTS = ['close-at-open', 'news-at-publication', 'scaler-on-all', 'label-overlap', 'revised-value'];
const PATIENCE = { timeout: 120_000 };
const root = mkdtempSync(join(tmpdir(), 'bellwether-audit-'));
const history = join(root, 'history');
const candlesOnly = join(root, 'candles');

type Options = Parameters<typeof auditLeaksCommand>[0];
type Finding = { name: string; evidence: Record<string, unknown>[] };

beforeAll(async () => {
  await writeSimulatedHistory(history, { seed: 861, bars: 20 * 24 });
  mkdirSync(candlesOnly);
  copyFileSync(join(history, 'candles-60m.csv'), join(candlesOnly, 'candles-60m.csv'));
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('audit leaks', () => {
  it('finds no leak, counts the checks that ran, and ends well', PATIENCE, async () => {
    const { exit, trace } = await run({});
    expect(exit).toBe(0);
    const { checks, findings, notRun, reports } = trace.json();
    expect(findings).toEqual([]);
    expect(checks).toBeGreaterThanOrEqual(5);
    expect((notRun as unknown[]).length + (checks as number)).toBe((reports as unknown[]).length);
    expect(Object.keys(trace.json()).slice(0, 2)).toEqual(['checks', 'findings']);
    expect(trace.json()).toMatchObject({ plant: null, windows: 480, horizonMinutes: 60, barMinutes: 60 });
    expect(trace.text()).toMatch(/No leak found by \d+ checks/);
    expect(trace.text()).toMatch(/future-candles +clean +\d+\.\d s {2}\d+ rows up to 2022-/);
    expect(trace.said.filter((line) => /^known-times: 0 of 12$/.test(line))).toHaveLength(1);
  });

  it.each(PLANTS)('ends with 1 and the name of %s where it is planted', PATIENCE, async (plant) => {
    const { exit, trace } = await run({ plant });
    expect(exit).toBe(1);
    const findings = trace.json()['findings'] as Finding[];
    expect(findings.map(({ name }) => name)).toEqual([plant]);
    expect(findings[0]?.evidence[0]?.['check']).toMatch(/^[a-z-]+$/);
    expect(trace.text()).toContain(`LEAK ${plant}`);
    expect(trace.text()).toContain(`planted   ${plant}, on purpose`);
    expect(trace.text()).toContain(`Leaks: ${plant}.`);
  });

  it('refuses a plant that there is none of, and names those that there are', async () => {
    const failing = run({ plant: 'peeking' });
    await expect(failing).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await expect(run({ plant: 'peeking' })).rejects.toThrow(PLANTS.join(', '));
  });

  it('refuses a plant that would change nothing on this history', async () => {
    const failing = run({ plant: 'news-at-publication', history: candlesOnly });
    await expect(failing).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await expect(failing).rejects.toThrow(/cannot be built on this history: no text/);
  });

  it('finds the other plants on candles alone', PATIENCE, async () => {
    const { exit, trace } = await run({ plant: 'close-at-open', history: candlesOnly });
    expect(exit).toBe(1);
    expect((trace.json()['findings'] as Finding[]).map(({ name }) => name)).toEqual(['close-at-open']);
    expect(trace.text()).toContain('the history has no texts');
  });

  it('takes a history that is too short for no pass', async () => {
    const short = join(root, 'short');
    mkdirSync(short);
    const lines = readFileSync(join(history, 'candles-60m.csv'), 'utf8').split('\n').slice(0, 20);
    writeFileSync(join(short, 'candles-60m.csv'), `${lines.join('\n')}\n`);
    const { exit, trace } = await run({ history: short });
    expect(exit).toBe(1);
    expect(trace.json()['findings']).toEqual([]);
    expect(trace.json()['checks']).toBeLessThan(5);
    expect(trace.text()).toMatch(/No pass: only \d checks? could run/);
  });

  it('refuses families, scorers and horizons that there are not', async () => {
    await expect(run({ family: 'oracle' })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await expect(run({ scorer: 'oracle' })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await expect(run({ horizon: 90 })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });
});

async function run(changes: Partial<Options>): Promise<{ exit: number; trace: CommandTrace }> {
  const trace = traceCommand({});
  const options = { history, family: 'logistic', scorer: 'vader', seed: 1, ...changes };
  const exit = await auditLeaksCommand(options, trace.context);
  return { exit, trace };
}
