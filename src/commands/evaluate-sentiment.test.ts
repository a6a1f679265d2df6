import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { traceCommand } from '../../test/command-context.ts';
import { createSecondScorer } from '../../test/second-scorer.ts';
import { createVader, scorerUnavailable } from '../sentiment/index.ts';
import { chooseScorers, evaluateSentimentCommand } from './evaluate-sentiment.ts';

let folder: string;
let data: string;
let environment: Record<string, string>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-sentiment-'));
  environment = { LOG_LEVEL: 'silent', BELLWETHER_DATA_DIR: join(folder, 'data') };
  data = join(folder, 'rated.jsonl.gz');
  const rows = [
    { text: 'A wonderful day for holders', label: 'positive' },
    { text: 'A terrible loss', label: 'negative' },
    { text: 'The meeting is on Tuesday', label: 'neutral' },
    { text: 'Great gains everywhere', label: 'negative' },
  ];
  writeFileSync(data, gzipSync(rows.map((row) => JSON.stringify(row)).join('\n')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('evaluate sentiment', () => {
  it('gives the figures of each family and one line a text', async () => {
    const trace = traceCommand(environment);
    const out = join(folder, 'out.jsonl');
    const exit = await evaluateSentimentCommand({ data, families: ['vader'], out }, trace.context);
    expect(exit).toBe(0);
    expect(trace.json()).toMatchObject({
      families: { vader: { version: '1.0.0', accuracy: 0.75, n: 4, pearson: null } },
    });
    expect(trace.text()).toMatch(/vader@1\.0\.0 +75\.00 %/);
    expect(trace.said.join('\n')).toContain('scoring with vader@1.0.0');
    const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ index: 1, family: 'vader', version: '1.0.0' });
  });

  it('without a wish takes all that are ready, and names the rest with what to do', async () => {
    const trace = traceCommand({ ...environment, BELLWETHER_FINBERT: 'off' });
    expect(await evaluateSentimentCommand({ data }, trace.context)).toBe(0);
    expect(Object.keys(trace.json()['families'] as object)).toEqual(['vader']);
    const absent = trace.json()['unavailable'] as { family: string; remedy: string }[];
    expect(absent.map(({ family }) => family)).toEqual(['linear', 'finbert', 'cryptobert', 'ensemble']);
    expect(trace.text()).toContain('Not evaluated');
    expect(trace.text()).toContain('finbert: It is switched off. Unset BELLWETHER_FINBERT');
  });

  it('passes on what is wrong with the data', async () => {
    const { context } = traceCommand(environment);
    await expect(
      evaluateSentimentCommand({ data: join(folder, 'nowhere'), families: ['vader'] }, context),
    ).rejects.toMatchObject({ code: 'SENTIMENT_DATA_UNREADABLE' });
  });
});

describe('chooseScorers', () => {
  const vader = createVader();
  const second = createSecondScorer();
  const installed: Parameters<typeof chooseScorers>[1] = {
    all: () => [
      { family: 'vader', state: 'ready', scorer: vader, note: null },
      { family: 'linear', state: 'loading', progress: 'being opened' },
      { family: 'ensemble', state: 'ready', scorer: second, note: null },
    ],
    find: (name) =>
      name.startsWith('vader')
        ? Promise.resolve(vader)
        : Promise.reject(scorerUnavailable(name, { reason: 'it was never trained.', remedy: 'Train it.' })),
  };

  it('takes a family by name or with its version, once', async () => {
    expect(await chooseScorers(['vader', 'vader@1.0.0'], installed)).toEqual([vader]);
  });

  it('takes what is ready where nobody wishes for one', async () => {
    expect(await chooseScorers(undefined, installed)).toEqual([vader, second]);
  });

  it.each(['oracle', 'oracle@9.9.9', 'VADER', ''])('refuses "%s" with the list of families', async (name) => {
    await expect(chooseScorers([name], installed)).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: `There is no scorer "${name}". There are: vader, linear, finbert, cryptobert, ensemble.`,
    });
  });

  it('passes on why a family that it knows cannot answer', async () => {
    await expect(chooseScorers(['vader', 'linear'], installed)).rejects.toMatchObject({
      code: 'SENTIMENT_UNAVAILABLE',
    });
  });
});
