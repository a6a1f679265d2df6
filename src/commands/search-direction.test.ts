import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { traceCommand, type CommandTrace } from '../../test/command-context.ts';
import { writeSimulatedHistory } from '../../test/simulated-history.ts';
import { ORIGIN } from '../../test/simulated-market.ts';
import { DAY_MS, HOUR_MS, isoUtc } from '../core/index.ts';
import { searchDirectionCommand } from './search-direction.ts';

const DAYS = 30;
const root = mkdtempSync(join(tmpdir(), 'bellwether-search-'));
const history = join(root, 'history');
const linesOf = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n');
let trace: CommandTrace;

beforeAll(async () => {
  await writeSimulatedHistory(history, { seed: 862, bars: DAYS * 24 });
  trace = await run({});
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('search direction', () => {
  it('tells how the searched family did out of sample, beside itself untuned', () => {
    const result = trace.json();
    expect(result).toMatchObject({
      family: 'logistic',
      method: 'tpe',
      trials: 2 * 4,
      from: isoUtc(ORIGIN + HOUR_MS + 7.5 * DAY_MS),
      embargoMinutes: 60,
      halving: false,
    });
    const untuned = result['untuned'] as Record<string, number>;
    expect(result['n']).toBe(untuned['n']);
    for (const name of ['accuracy', 'logLoss', 'brier', 'auc', 'mcc', 'low', 'high']) {
      expect(result).toHaveProperty(name);
      expect(untuned).toHaveProperty(name);
    }
    const folds = result['folds'] as { trials: number; best: { settings: object } }[];
    expect(folds.map(({ trials }) => trials)).toEqual([4, 4]);
    for (const { best } of folds) expect(Object.keys(best.settings)).toEqual(['l2', 'trainingDays']);
    expect(trace.text()).toMatch(/searched +\d+\.\d\d %/);
    expect(trace.text()).toContain('8 trials in all');
    expect(trace.text()).toMatch(/searched less untuned: -?\d+\.\d\d points/);
  });

  it('leaves out what is held out and says so, and refuses where that leaves too little to learn from', async () => {
    const kept = `${isoUtc(ORIGIN + 20 * DAY_MS)}/${isoUtc(ORIGIN + 22 * DAY_MS)}`;
    const part = traceCommand({ BELLWETHER_HOLDOUT: kept, BELLWETHER_DATA_DIR: join(root, 'held-out') });
    const options = {
      ...{ history, horizon: 60, family: 'logistic', scorer: 'none', seed: 1 },
      ...{ method: 'random' as const, trials: 2, folds: 2, out: join(root, 'held-out.jsonl') },
    };
    await searchDirectionCommand(options, part.context);
    expect(part.json()).toMatchObject({ holdout: kept });
    expect(part.json()['n']).toBeLessThan(trace.json()['n'] as number);
    expect(part.text()).toContain(`held out  ${kept}: neither trains nor tests`);
    const all = `${isoUtc(ORIGIN)}/${isoUtc(ORIGIN + 60 * DAY_MS)}`;
    const none = traceCommand({ BELLWETHER_HOLDOUT: all, BELLWETHER_DATA_DIR: join(root, 'held-out') });
    await expect(searchDirectionCommand(options, none.context)).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining('only 0 have a truth') as string,
    });
  });

  it('keeps every trial in the data folder, and goes on from there', async () => {
    const file = trace.json()['file'] as string;
    expect(file).toContain(join(root, 'data', 'searches'));
    expect(readdirSync(join(root, 'data', 'searches'))).toHaveLength(1);
    const lines = linesOf(file);
    expect(lines).toHaveLength(1 + 8);
    expect(JSON.parse(lines[0]!)).toMatchObject({ family: 'logistic', method: 'tpe', seed: 1 });
    expect(JSON.parse(lines[1]!)).toMatchObject({ fold: 0, trial: 0, rung: 0, share: 1 });
    const further = await run({ trials: 5 });
    expect(further.said.join('\n')).toContain('8 lines of trials are in');
    expect(linesOf(file).slice(0, 9)).toEqual(lines);
    expect(linesOf(file)).toHaveLength(1 + 8 + 2);
  });

  it('comes to the same whether it was broken off or not', async () => {
    const whole = join(root, 'whole.jsonl');
    const broken = join(root, 'broken.jsonl');
    const once = await run({ method: 'random', out: whole });
    // Cut off in the middle of a line, as a killed process leaves it.
    writeFileSync(broken, `${linesOf(whole).slice(0, 4).join('\n')}\n{"fold":0,"tri`);
    const twice = await run({ method: 'random', out: broken });
    expect({ ...twice.json(), file: '' }).toEqual({ ...once.json(), file: '' });
    expect(readFileSync(broken, 'utf8')).toBe(readFileSync(whole, 'utf8'));
  });

  it('ends by its seconds where it is given them alone', async () => {
    const result = (await run({ trials: undefined, seconds: 0.001, out: join(root, 'short.jsonl') })).json();
    expect(result).toMatchObject({ trials: 2 });
    expect(result['untuned'] as object).toMatchObject({ accuracy: result['accuracy'] });
  });

  it('halves where it is told to', async () => {
    const result = (
      await run({ trials: 9, halving: true, method: 'random', out: join(root, 'h.jsonl') })
    ).json();
    expect(result).toMatchObject({ halving: true, trials: 18 });
    for (const { fullTrials } of result['folds'] as { fullTrials: number }[])
      expect(fullTrials).toBeLessThan(3);
  });
});

describe('search direction refuses', () => {
  it('the file of another search, or of something else, and leaves it as it was', async () => {
    const file = join(root, 'own.jsonl');
    await run({ out: file });
    await expect(run({ out: file, seed: 2 })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining('holds another search') as string,
    });
    appendFileSync(file, '{"fold":-1}\n');
    await expect(run({ out: file })).rejects.toThrow('own.jsonl, line 10, is no trial');
    const other = join(root, 'notes.txt');
    for (const notes of ['notes\n', 'notes without an end']) {
      writeFileSync(other, notes);
      await expect(run({ out: other })).rejects.toThrow('is no file of a search');
      expect(readFileSync(other, 'utf8')).toBe(notes);
    }
  });

  it('a file that cannot be written, before it has worked for long', async () => {
    await expect(run({ out: root })).rejects.toMatchObject({ code: 'OUT_FILE_UNWRITABLE' });
    expect(existsSync(join(root, 'data', 'nowhere'))).toBe(false);
  });

  it.each([
    [
      'a family without a space',
      { family: 'majority' },
      /"majority" has nothing to search for.*trees, logistic/,
    ],
    ['a scorer that is not there', { scorer: 'oracle' }, /no scorer "oracle"/],
    ['more folds than windows', { folds: 1_000 }, /--folds 1000: there are \d+ windows to test/],
    ['too little before the first fold', { from: ORIGIN + 3 * DAY_MS }, /trials need 100 to learn from/],
    ['a range without a window', { to: ORIGIN }, /leaves no window to work on/],
  ])('%s', async (_, options, message) => {
    await expect(run(options)).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringMatching(message) as string,
    });
  });
});

async function run(options: Partial<Parameters<typeof searchDirectionCommand>[0]>): Promise<CommandTrace> {
  const own = traceCommand({ LOG_LEVEL: 'silent', BELLWETHER_DATA_DIR: join(root, 'data') });
  const given = {
    ...{ history, horizon: 60, family: 'logistic', scorer: 'none', seed: 1 },
    ...{ method: 'tpe' as const, trials: 4, folds: 2, ...options },
  };
  expect(await searchDirectionCommand(given, own.context)).toBe(0);
  return own;
}
