import { execFile } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { median, takeTurns } from './bench.ts';
import { run } from './vader.ts';

const here = dirname(fileURLToPath(import.meta.url));
const bench = async (...args: string[]) =>
  promisify(execFile)(process.execPath, [resolve(here, 'run.ts'), ...args]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );

describe('npm run bench', () => {
  it('lists what there is when the name is unknown, and exits with 2', async () => {
    const { code, stdout, stderr } = await bench('speed');
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/no benchmark "speed"[^]*one of: .*vader/);
  });

  it('explains itself', async () => {
    const { code, stdout } = await bench('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('NAME is one of:');
  });
});

describe('takeTurns', () => {
  it('asks the contenders in turns and takes the middle of each', async () => {
    const asked: string[] = [];
    const contender = (key: string, rates: number[]) => ({
      key,
      round: async () => {
        asked.push(key);
        return rates.shift() ?? NaN;
      },
    });
    const contenders = [contender('a', [1, 9, 2]), contender('b', [5, 4, 6])];
    const rates = await takeTurns(contenders, { rounds: 3, progress: () => {} });
    expect(asked.join('')).toBe('ababab');
    expect(Object.fromEntries(rates)).toEqual({ a: 2, b: 5 });
  });
});

describe('median', () => {
  it('is the mean of the two in the middle of an even number', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe('the vader benchmark', () => {
  it('works without shared data, names each peer in ratios or in missing, and makes the same headlines', async () => {
    let shown = 0;
    // Time runs in steps of a whole round: the figures mean nothing here, only their presence.
    const stopwatch = () => (shown += 1_000);
    const context = { root: '/nowhere/project', stopwatch, progress: () => {} };
    const { figures, ratios, missing } = await run(context, { rounds: 1, limit: 50 });
    expect(figures).toMatchObject({ texts: 50, headlines: 'made up from templates, seed 1', threads: 1 });
    const named = [...Object.keys(ratios), ...missing];
    expect(named.sort()).toEqual(['limit-50000-texts-linear', 'npm-vader', 'python-vader']);
    const again = await run(context, { rounds: 1, limit: 50 });
    expect(again.figures['mean-characters']).toBe(figures['mean-characters']);
  });
});
