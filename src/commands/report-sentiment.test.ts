import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { traceCommand, type CommandTrace } from '../../test/command-context.ts';
import { makeRatedSentences } from '../../test/rated-sentences.ts';
import { reportSentimentCommand, type Study } from './report-sentiment.ts';
import { describeStudy } from './sentiment-pages.ts';

const ROWS = 54;
const SIGNS = { negative: -0.8, neutral: 0.1, positive: 0.8 } as const;
const root = mkdtempSync(join(tmpdir(), 'bellwether-report-'));
const data = join(root, 'labelled');
const out = join(root, 'sentiment.md');
let trace: CommandTrace;
let page = '';
let study: Study;

beforeAll(async () => {
  mkdirSync(data);
  mkdirSync(join(root, 'vader'));
  const own = makeRatedSentences({ count: ROWS, seed: 5 });
  const scored = makeRatedSentences({ count: ROWS, seed: 6 }).map(({ text, label = 'neutral' }) => ({
    text,
    score: SIGNS[label],
  }));
  write(
    'phrasebank-dev.jsonl.gz',
    own.map((row) => JSON.stringify(row)),
  );
  write(
    'finbert-teacher-scores.jsonl.gz',
    scored.map((row) => JSON.stringify(row)),
  );
  write(
    '../vader/tweets_GroundTruth.tsv.gz',
    scored.map(({ text, score }, row) => `${row}\t${score * 4}\t${text}`),
  );
  const posts = scored.map(({ text, score }, row) => [
    String(row),
    {
      sentence: text,
      info: [{ sentiment_score: String(score - 0.1) }, { sentiment_score: String(score + 0.1) }],
    },
  ]);
  writeFileSync(join(data, 'fiqa-posts.json'), JSON.stringify(Object.fromEntries(posts)));
  trace = traceCommand({});
  expect(await reportSentimentCommand({ data, out, seed: 1 }, trace.context)).toBe(0);
  page = readFileSync(out, 'utf8');
  study = trace.json() as unknown as Study;
}, 180_000);
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(file: string, lines: readonly string[]): void {
  writeFileSync(join(data, file), gzipSync(`${lines.join('\n')}\n`));
}

describe('report sentiment', () => {
  it('cross-validates every labelled set, and holds versions of one set against the others', () => {
    expect(study.unseen.map(({ name, n }) => [name, n])).toEqual([
      ['PhraseBank', ROWS],
      ['Bitcoin headlines', ROWS],
    ]);
    expect(study.across.map(({ trainedOn, testedOn }) => [trainedOn, testedOn])).toEqual([
      ['PhraseBank', 'Bitcoin headlines'],
      ['Bitcoin headlines', 'PhraseBank'],
    ]);
    for (const { evaluation } of study.unseen) {
      const linear = evaluation.families['linear']!;
      expect(linear.accuracy).toBeGreaterThan(evaluation.families['vader@1.0.0']!.accuracy!);
    }
  });

  it('takes recorded scores beyond a border as labels, and averages the parts of a post', () => {
    const [, headlines] = study.unseen;
    expect(headlines?.evaluation.families['linear']?.perClass?.neutral.support).toBe(ROWS / 3);
    expect(study.scored.map(({ name }) => name)).toEqual(['FiQA posts', 'VADER tweets']);
    for (const { evaluation } of study.scored) {
      const figures = Object.values(evaluation.families);
      expect(figures.map(({ n }) => n)).toEqual([ROWS, ROWS, ROWS]);
      expect(Math.max(...figures.map(({ pearson }) => pearson ?? 0))).toBeGreaterThan(0.9);
    }
  });

  it('names what was not there', () => {
    expect(study.missing).toContain('twitter-financial-news-train.jsonl.gz');
    expect(study.missing).toContain('semeval2017-headlines.jsonl.gz');
    expect(study.missing).not.toContain('fiqa-posts.json');
    expect(page).toContain('Not there, so not measured: `twitter-financial-news-train.jsonl.gz`, ');
  });

  it('writes the page whole, and says where it is and how far it was', () => {
    expect(trace.text()).toBe(`The results stand in ${out}.`);
    expect(trace.said.join('\n')).toContain('PhraseBank: linear, fold 5');
    expect(page.startsWith('# Sentiment, measured\n')).toBe(true);
    expect(page.endsWith('.\n')).toBe(true);
    for (const line of [
      '## On texts that were not seen (5 folds)',
      '### PhraseBank',
      '## Trained on one set, tested on another',
      '| trained | PhraseBank | Bitcoin headlines |',
      '## Against scores of people',
      '## What it says',
    ]) {
      expect(page).toContain(`\n${line}\n`);
    }
    expect(page).toMatch(/\| vader@1\.0\.0 \| \d+\.\d\d % \(/);
    expect(page).toMatch(/\| vader retrained \| \d/);
    expect(page).toMatch(/\| linear, on PhraseBank \| \(unseen folds above\) \| \d/);
    expect(page).toMatch(/\| FiQA posts \| 54 \| /);
    expect(page).toContain('- PhraseBank: linear is more often right than vader@1.0.0 (');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('refuses a folder without any of the sets, naming them, and an --out that cannot be', async () => {
    const empty = join(root, 'empty');
    mkdirSync(empty);
    const nowhere = join(root, 'never.md');
    const given = { data: empty, out: nowhere, seed: 1 };
    await expect(reportSentimentCommand(given, traceCommand({}).context)).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining('phrasebank-dev.jsonl.gz') as string,
    });
    expect(existsSync(nowhere)).toBe(false);
    await expect(
      reportSentimentCommand({ data, out: join(root, 'no', 'folder.md'), seed: 1 }, traceCommand({}).context),
    ).rejects.toMatchObject({ status: expect.any(Number) as number });
  });
});

describe('describeStudy', () => {
  it('says so where there was no set with scores and nothing was missing', () => {
    const text = describeStudy({ ...study, scored: [], missing: [] });
    expect(text).toContain('No set with scores was there.');
    expect(text).not.toContain('Not there, so not measured');
  });

  it('tells a loss as a loss, with the sign turned to the later scorer', () => {
    const told = structuredClone(study);
    const [pair] = told.unseen[0]!.evaluation.comparisons;
    Object.assign(pair!, { accuracyDifference: 0.25, low: 0.1, high: 0.4 });
    expect(describeStudy(told)).toMatch(/- PhraseBank: .* is less often right than .* \(-25\.00 %\)\./);
    Object.assign(pair!, { accuracyDifference: 0.01, low: -0.1, high: 0.1 });
    expect(describeStudy(told)).toMatch(/- PhraseBank: .* cannot be told from .* \(-1\.00 %\)\./);
  });
});
